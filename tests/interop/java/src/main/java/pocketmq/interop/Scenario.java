package pocketmq.interop;

import java.util.Map;

/** One thing the client does and what must come of it; it throws when that does not come. */
interface Scenario {
    /** `facts` are figures worth a line in the report; they decide nothing. */
    void run(Lab lab, Map<String, Object> facts) throws Exception;
}
