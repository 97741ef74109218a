import { FieldError } from "../base/errors.ts";
import type { Codecs } from "../ports/host.ts";
import { RequestCode } from "./codes.ts";
import type { Command, ExtFields, Reply, Request } from "./command.ts";
import { Fields } from "./fields.ts";
import { JsonBody } from "./json_body.ts";
import { formatKvTable, parseKvTable } from "./route.ts";
import { type DataVersion, readDataVersion } from "./tables.ts";
import { formatRegisterBody, parseCompressedBody, parsePlainBody } from "./register_body.ts";
import type { TopicTable } from "./topic.ts";

/** Which node of which broker: what 103, 104 and 322 name. */
export interface BrokerNode {
  readonly brokerAddr: string;
  /** 0 is the master. */
  readonly brokerId: number;
  readonly brokerName: string;
  readonly clusterName: string;
}

/** What a broker says of itself: request 103. Source: RegisterBrokerRequestHeader. */
export interface Registration extends BrokerNode, TopicTable {
  /** Where its slaves get the log from. */
  readonly haServerAddr: string;
}

/** What a name server tells a broker that registered. */
export interface Registered {
  /** A slave's master, while there is one. */
  readonly masterAddr?: string;
  readonly haServerAddr?: string;
  /** Topics that have an order; undefined when the name server keeps none. */
  readonly orderTopics?: ReadonlyMap<string, string>;
}

/** Older brokers send the topics without anything around them. Source: MQVersion V3_0_11. */
const BODY_WITH_FILTERS_VERSION = 37;
const NO_TOPICS: TopicTable = { dataVersion: { counter: 0, timestamp: 0 }, topics: new Map() };

/** @throws {FieldError} */
export function parseBrokerNode(ext: ExtFields): BrokerNode {
  const fields = new Fields(ext);
  return {
    brokerAddr: fields.text("brokerAddr"),
    brokerId: fields.int64("brokerId"),
    brokerName: fields.text("brokerName"),
    clusterName: fields.text("clusterName"),
  };
}

/** @throws {FieldError} also when the body is not the one whose checksum was sent. */
export function parseRegistration(
  { ext, body, version }: Command,
  codecs: Codecs,
): Registration {
  const fields = new Fields(ext);
  const sent = fields.optionalInt32("bodyCrc32", 0);
  const crc = codecs.crc32(body) & 0x7fffffff;
  if (sent !== 0 && sent !== crc) {
    throw new FieldError("bodyCrc32", String(sent), `${crc}, the checksum of the body as it came`);
  }
  const topics = body.length === 0
    ? NO_TOPICS
    : version >= BODY_WITH_FILTERS_VERSION && fields.flag("compressed")
    ? parseCompressedBody(body, codecs)
    : parsePlainBody(body, version >= BODY_WITH_FILTERS_VERSION);
  return { ...parseBrokerNode(ext), haServerAddr: fields.text("haServerAddr"), ...topics };
}

/** Request 103 with a plain body. */
export function formatRegistration(said: Registration, codecs: Pick<Codecs, "crc32">): Request {
  const body = formatRegisterBody(said);
  const ext = {
    ...formatBrokerNode(said),
    haServerAddr: said.haServerAddr,
    compressed: "false",
    bodyCrc32: String(codecs.crc32(body) & 0x7fffffff),
  };
  return { code: RequestCode.REGISTER_BROKER, ext, body };
}

/** Request 104. */
export function formatUnregistration(node: BrokerNode): Request {
  return { code: RequestCode.UNREGISTER_BROKER, ext: formatBrokerNode(node) };
}

export function formatRegistered({ masterAddr, haServerAddr, orderTopics }: Registered): Reply {
  const ext: ExtFields = {};
  if (haServerAddr !== undefined) ext.haServerAddr = haServerAddr;
  if (masterAddr !== undefined) ext.masterAddr = masterAddr;
  return { code: 0, ext, body: orderTopics && formatKvTable(orderTopics) };
}

/** @throws {FieldError} */
export function parseRegistered({ ext, body }: Command): Registered {
  const fields = new Fields(ext);
  return {
    masterAddr: fields.optional("masterAddr"),
    haServerAddr: fields.optional("haServerAddr"),
    orderTopics: body.length === 0 ? undefined : parseKvTable(body),
  };
}

/** The version of a broker's topics in the body of 322. @throws {FieldError} */
export function parseVersionBody(body: Uint8Array): DataVersion {
  return readDataVersion(JsonBody.parse(body));
}

function formatBrokerNode(node: BrokerNode): ExtFields {
  return {
    brokerAddr: node.brokerAddr,
    brokerId: String(node.brokerId),
    brokerName: node.brokerName,
    clusterName: node.clusterName,
  };
}
