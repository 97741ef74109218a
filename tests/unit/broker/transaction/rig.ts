import { utf8 } from "../../../../src/base/bytes.ts";
import { updateConfigHandler } from "../../../../src/broker/admin/update_config.ts";
import { formatSettings } from "../../../../src/wire/admin.ts";
import type { Command, ExtFields } from "../../../../src/wire/command.ts";
import { formatHeartbeat } from "../../../../src/wire/heartbeat.ts";
import { type BrokerRig, brokerRig, props, type RigClient } from "../../../support/broker_rig.ts";
import { type RigOptions, sendFields } from "../../../support/broker_rig.ts";
import { type CommandFields, commandOf } from "../../../support/far_end.ts";
import { messagesOf, textsOf } from "../../../support/store.ts";

export const HALF = "RMQ_SYS_TRANS_HALF_TOPIC";
export const OP = "RMQ_SYS_TRANS_OP_HALF_TOPIC";
export const GIVEN_UP = "TRANS_CHECK_MAX_TIME_TOPIC";
export const CURSORS = "CID_RMQ_SYS_TRANS";

/** Every 10 s it is asked about what is older than 6 s. */
export const FLAGS = { transactionTimeOut: "6000", transactionCheckInterval: "10000" };

/** Where a first half lies. */
export interface Half {
  readonly queueOffset: number;
  readonly logOffset: number;
}

/** A broker with its transactions at work. */
export interface TransactionRig extends AsyncDisposable {
  readonly rig: BrokerRig;
  readonly client: RigClient;
  /** Lets all that waits for no time run. */
  settle(): Promise<void>;
  prepare(text: string, more?: [string, string][], fields?: ExtFields): Promise<Half>;
  /** Ends a transaction and gives the answer. */
  end(half: Half, how: "8" | "12" | "0", group?: string): Promise<Command>;
  /** Changes the broker's configuration, as an operator does. */
  change(settings: Readonly<Record<string, string>>): Promise<void>;
  /** Bodies of a topic's queue, of the one the tests send to by default. */
  texts(topic?: string): string[];
  /** Half message places that op messages name. */
  ops(): number[];
  /** Cursors as they were committed: half, op. */
  cursors(): (number | undefined)[];
  close(): Promise<void>;
}

/** Opens a broker, on the files of another when `fs` says so, and starts its transactions. */
export async function transactionRig(options: RigOptions = {}): Promise<TransactionRig> {
  const rig = await brokerRig(options);
  const stop = new AbortController();
  const running = rig.parts.isSlave ? Promise.resolve() : rig.parts.transactions.run(stop.signal);
  await rig.clock.settle();
  const client = rig.client();
  const close = async () => {
    stop.abort();
    await Promise.all([running, rig.clock.settle()]);
    await rig.close();
  };
  return {
    rig,
    client,
    settle: () => rig.clock.settle(),
    prepare: async (text, more = [], fields = {}) => {
      const { ext, code, remark } = await client.ask(prepareFields(text, more, fields));
      if (code !== 0) throw new Error(`half refused: ${code} ${remark}`);
      await rig.clock.settle();
      return {
        queueOffset: Number(ext.queueOffset),
        logOffset: parseInt(ext.msgId.slice(16), 16),
      };
    },
    end: async (half, how, group = "P") => {
      const came = await client.askAll(endFields(half, how, group));
      const answer = came.find(({ flag }) => (flag & 1) === 1); // among questions of the broker
      if (answer === undefined) throw new Error("no answer to 37");
      return answer;
    },
    change: async (settings) => {
      const [, handler] = updateConfigHandler(rig.parts);
      const body = formatSettings(Object.entries(settings));
      const reply = await handler(commandOf({ code: 25, body }), client.peer);
      if (reply?.code !== 0) throw new Error(`change refused: ${reply?.remark}`);
    },
    texts: (topic = "T") => textsOf(rig.store, topic, 0),
    ops: () => textsOf(rig.store, OP, 0).map(Number),
    cursors: () => [HALF, OP].map((topic) => rig.parts.offsets.of(CURSORS, topic, 0)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A first half as a Java producer sends it. */
export function prepareFields(
  text: string,
  more: [string, string][] = [],
  fields: ExtFields = {},
): CommandFields {
  const properties = props(
    ["TRAN_MSG", "true"],
    ["PGROUP", "P"],
    ["UNIQ_KEY", `id-${text}`],
    ...more,
  );
  // born when it is sent: the rig's clock begins there
  const ext = sendFields({ properties, sysFlag: "4", bornTimestamp: "1700000000000", ...fields });
  return { code: 10, ext, body: utf8(text) };
}

/** A word on a first half: 37. */
export function endFields(half: Half, how: string, group = "P"): CommandFields {
  return {
    code: 37,
    ext: {
      producerGroup: group,
      tranStateTableOffset: String(half.queueOffset),
      commitLogOffset: String(half.logOffset),
      commitOrRollback: how,
      fromTransactionCheck: "false",
      msgId: "id",
    },
  };
}

/** A heartbeat of a producer. */
export function producerBeat(clientId: string, group = "P"): CommandFields {
  const { code, body } = formatHeartbeat({ clientId, producerGroups: [group], consumers: [] });
  return { code, body };
}

/** The newest half message in the queue, as its place. */
export function newestHalf(rig: BrokerRig): Half {
  const { queueOffset, logOffset } = messagesOf(rig.store, HALF, 0).at(-1)!;
  return { queueOffset, logOffset };
}
