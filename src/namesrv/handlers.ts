import { textOf, utf8 } from "../base/bytes.ts";
import type { Log } from "../base/log.ts";
import type { Clock, Codecs } from "../ports/host.ts";
import type { Handler, Handlers, Peer } from "../rpc/peer.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import { type Command, refuse, type Reply } from "../wire/command.ts";
import { Fields } from "../wire/fields.ts";
import {
  formatRegistered,
  parseBrokerNode,
  parseRegistration,
  parseVersionBody,
} from "../wire/registration.ts";
import {
  formatClusterInfo,
  formatKvTable,
  formatRoute,
  formatTopicList,
  type QueueData,
} from "../wire/route.ts";
import { formatPermCount } from "../wire/write_perm.ts";
import { type NamesrvConfig, placeIn } from "./config.ts";
import { type KvConfig, ORDER_TOPIC_CONFIG } from "./kv.ts";
import type { RouteTable } from "./routes.ts";

/** What the handlers answer from. */
export interface Tables {
  readonly routes: RouteTable<Peer>;
  readonly kv: KvConfig;
  readonly config: NamesrvConfig;
  readonly clock: Clock;
  readonly codecs: Codecs;
  readonly log: Log;
}

/** Requests from this version on say that their sender reads JSON as it should be. Source: MQVersion V4_9_4. */
const PLAIN_JSON_VERSION = 401;
/** Bits of topicSysFlag. Source: TopicSysFlag. */
const UNIT = 1;
const UNIT_SUB = 2;
const DONE: Reply = { code: ResponseCode.SUCCESS };

/** A name server's table of contents. Source: DefaultRequestProcessor. */
export function namesrvHandlers(tables: Tables): Handlers {
  const isUnit = ({ topicSysFlag }: QueueData) => (topicSysFlag & UNIT) !== 0;
  const hasUnitSub = ({ topicSysFlag }: QueueData) => (topicSysFlag & UNIT_SUB) !== 0;
  const topics = (wanted?: (queues: QueueData) => boolean): Handler => () =>
    found(formatTopicList({ topics: tables.routes.topics(wanted) }));
  return new Map<number, Handler>([
    [RequestCode.GET_ROUTEINFO_BY_TOPIC, route(tables)],
    [RequestCode.REGISTER_BROKER, (request, peer) => register(tables, request, peer)],
    [RequestCode.UNREGISTER_BROKER, (request) => unregister(tables, request)],
    [RequestCode.QUERY_DATA_VERSION, (request) => queryVersion(tables, request)],
    [
      RequestCode.GET_BROKER_CLUSTER_INFO,
      () => found(formatClusterInfo(tables.routes.clusterInfo())),
    ],
    [RequestCode.WIPE_WRITE_PERM_OF_BROKER, ({ ext }) => {
      const count = tables.routes.setWritable(new Fields(ext).text("brokerName"), false);
      return { code: ResponseCode.SUCCESS, ext: formatPermCount("wipe", count) };
    }],
    [RequestCode.ADD_WRITE_PERM_OF_BROKER, ({ ext }) => {
      const count = tables.routes.setWritable(new Fields(ext).text("brokerName"), true);
      return { code: ResponseCode.SUCCESS, ext: formatPermCount("add", count) };
    }],
    [RequestCode.GET_ALL_TOPIC_LIST_FROM_NAMESERVER, topics()],
    [RequestCode.GET_UNIT_TOPIC_LIST, topics(isUnit)],
    [RequestCode.GET_HAS_UNIT_SUB_TOPIC_LIST, topics(hasUnitSub)],
    [
      RequestCode.GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST,
      topics((queues) => hasUnitSub(queues) && !isUnit(queues)),
    ],
    [RequestCode.GET_TOPICS_BY_CLUSTER, ({ ext }) => {
      const topics = tables.routes.topicsOfCluster(new Fields(ext).text("cluster"));
      return found(formatTopicList({ topics }));
    }],
    [
      RequestCode.GET_SYSTEM_TOPIC_LIST_FROM_NS,
      () => found(formatTopicList(tables.routes.systemTopics())),
    ],
    [RequestCode.DELETE_TOPIC_IN_NAMESRV, ({ ext }) => {
      const fields = new Fields(ext);
      tables.routes.deleteTopic(fields.text("topic"), fields.optional("clusterName"));
      return DONE;
    }],
    ...kvHandlers(tables),
    [RequestCode.UPDATE_NAMESRV_CONFIG, ({ body }) => updateConfig(tables, textOf(body))],
    [RequestCode.GET_NAMESRV_CONFIG, () => found(utf8(tables.config.format()))],
  ]);
}

function found(body: Uint8Array): Reply {
  return { code: ResponseCode.SUCCESS, body };
}

/** The request that name servers live for; its answers are kept ready. */
function route({ routes, kv, config }: Tables): Handler {
  return ({ ext, version }) => {
    const topic = ext.topic ?? new Fields(ext).text("topic");
    const keys = version >= PLAIN_JSON_VERSION || new Fields(ext).flag("acceptStandardJsonOnly")
      ? "quoted"
      : "bare";
    const order = config.orderMessageEnable ? kv.get(ORDER_TOPIC_CONFIG, topic) : undefined;
    const asked = order === undefined ? undefined : routes.route(topic);
    const body = asked === undefined
      ? routes.routeBody(topic, keys)
      : formatRoute({ ...asked, orderTopicConf: order }, keys);
    return body === undefined
      ? refuse(
        ResponseCode.TOPIC_NOT_EXIST,
        `No route of topic "${topic}": no broker that is alive has registered it here`,
      )
      : found(body);
  };
}

function register({ routes, kv, clock, codecs, log }: Tables, request: Command, peer: Peer): Reply {
  const said = parseRegistration(request, codecs);
  const { brokerName, brokerId, brokerAddr } = said;
  if (routes.versionOf(brokerAddr) === undefined) {
    log.info("broker registered", { brokerName, brokerId, brokerAddr, topics: said.topics.size });
  }
  const master = routes.register(said, peer, clock.monotonic());
  return formatRegistered({ ...master, orderTopics: kv.list(ORDER_TOPIC_CONFIG) });
}

function unregister({ routes, log }: Tables, { ext }: Command): Reply {
  const node = parseBrokerNode(ext);
  routes.unregister(node);
  const { brokerName, brokerId, brokerAddr } = node;
  log.info("broker unregistered", { brokerName, brokerId, brokerAddr });
  return DONE;
}

function queryVersion({ routes, clock }: Tables, { ext, body }: Command): Reply {
  const { brokerAddr } = parseBrokerNode(ext);
  const same = routes.isCurrent(brokerAddr, parseVersionBody(body), clock.monotonic());
  const known = routes.versionOf(brokerAddr);
  return {
    code: ResponseCode.SUCCESS,
    ext: { changed: String(!same) },
    body: known && utf8(JSON.stringify(known)),
  };
}

function kvHandlers({ kv }: Tables): [number, Handler][] {
  return [
    [RequestCode.PUT_KV_CONFIG, ({ ext }) => {
      const fields = new Fields(ext);
      const [namespace, key] = [fields.text("namespace"), fields.text("key")];
      return kv.put(namespace, key, fields.text("value")).then(() => DONE);
    }],
    [RequestCode.GET_KV_CONFIG, ({ ext }) => {
      const fields = new Fields(ext);
      const [namespace, key] = [fields.text("namespace"), fields.text("key")];
      const value = kv.get(namespace, key);
      return value === undefined
        ? refuse(ResponseCode.QUERY_NOT_FOUND, `No key "${key}" in namespace "${namespace}"`)
        : { code: ResponseCode.SUCCESS, ext: { value } };
    }],
    [RequestCode.DELETE_KV_CONFIG, ({ ext }) => {
      const fields = new Fields(ext);
      return kv.delete(fields.text("namespace"), fields.text("key")).then(() => DONE);
    }],
    [RequestCode.GET_KVLIST_BY_NAMESPACE, ({ ext }) => {
      const namespace = new Fields(ext).text("namespace");
      const entries = kv.list(namespace);
      return entries === undefined
        ? refuse(ResponseCode.QUERY_NOT_FOUND, `No namespace "${namespace}"`)
        : found(formatKvTable(entries));
    }],
  ];
}

function updateConfig({ config, log }: Tables, text: string): Reply {
  const place = placeIn(text);
  if (place !== undefined) {
    return refuse(
      ResponseCode.NO_PERMISSION,
      `Cannot set "${place}": it names a place on this machine`,
    );
  }
  config.update(text, log);
  return DONE;
}
