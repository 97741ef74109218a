import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { silentLog } from "../../../src/base/log.ts";
import { Redial } from "../../../src/rpc/redial.ts";
import { RequestCode } from "../../../src/wire/codes.ts";
import { addressText } from "../../../src/wire/host_address.ts";
import { parseOffsetTable } from "../../../src/wire/offset.ts";
import { parseSendReply } from "../../../src/wire/send_reply.ts";
import { type BrokerNode, sendRequest } from "../cluster.ts";
import { runtime } from "../runtime.ts";
import { scriptFile } from "../script.ts";
import {
  type Delivery,
  groupName,
  GROUPS,
  parseDelivery,
  QUEUES_A_TOPIC,
  topicName,
  TOPICS,
  topicsOf,
} from "./plan.ts";

const CALL_MS = 20_000;
const LINES = 4;
const TICK_MS = 10;
/** Sends that wait for their answers; a broker that is behind is not buried. */
const UNDER_WAY_MAX = 400;
const LEAVE_MS = 20_000;

/** A message that was answered SEND_OK, by its place. */
export type Sent = Map<string, string>;

/** What the broker's process says of itself. */
export interface BrokerFigures {
  /** Longest stalls of its event loop in the last 10, 60 and 600 seconds, in ms. */
  readonly stallMs: readonly number[];
  /** The same without the time that the machine served others. */
  readonly ownStallMs: readonly number[];
  /** Stalls of its own doing of 50 ms and more since its start. */
  readonly longOwnStalls: number;
  /** Time that its main thread worked, and that it waited for a processor, in ms. */
  readonly busyMs: number;
  readonly unservedMs: number;
}

/** Place of a message: two groups are given each. */
export function placeOf(topic: string, queueId: number, queueOffset: number): string {
  return `${topic} ${queueId} ${queueOffset}`;
}

/** The load: a producer, processes full of consumers, and what all sides say about it. */
export class GroupLoad implements AsyncDisposable {
  readonly #node: BrokerNode;
  readonly #namesrv: string;
  readonly #folder: string;
  readonly #lines = Array.from({ length: LINES }, () => new Redial(runtime, silentLog));
  readonly #members: Members[] = [];
  readonly #processes: number;
  readonly #stormMs: number;
  /** What was stored, by place. */
  readonly sent: Sent = new Map();
  /** Answers that were not SEND_OK, by code. */
  readonly refused: Map<number, number> = new Map();
  /** Bodies by group and place. */
  readonly delivered: Map<string, Map<string, string>> = new Map();
  /** All deliveries, the second ones too. */
  deliveries = 0;

  constructor(
    node: BrokerNode,
    options: { namesrv: string; folder: string; processes: number; stormMs: number },
  ) {
    this.#node = node;
    this.#namesrv = options.namesrv;
    this.#folder = options.folder;
    this.#processes = options.processes;
    this.#stormMs = options.stormMs;
    for (let i = 0; i < GROUPS; i++) this.delivered.set(groupName(i), new Map());
  }

  async makeTopics(): Promise<void> {
    const make = (topic: number) =>
      this.#ask({
        code: RequestCode.UPDATE_AND_CREATE_TOPIC,
        ext: {
          topic: topicName(topic),
          defaultTopic: "TBW102",
          readQueueNums: String(QUEUES_A_TOPIC),
          writeQueueNums: String(QUEUES_A_TOPIC),
          perm: "6",
          topicFilterType: "SINGLE_TAG",
          topicSysFlag: "0",
          order: "false",
        },
      });
    for (let i = 0; i < TOPICS; i++) await make(i);
  }

  /** Starts a process of members; `i` of all. */
  async start(i: number): Promise<void> {
    const path = join(this.#folder, `ledger-${this.#members.length}`);
    closeSync(openSync(path, "w"));
    const members = new Members(path, [
      this.#namesrv,
      path,
      String(i),
      String(this.#processes),
      String(this.#stormMs),
    ]);
    this.#members.push(members);
    this.#running[i] = members;
    await members.up;
  }
  readonly #running: Members[] = [];

  /** Kills all members of a process, none of which gets to say goodbye, and starts others in their place. */
  async killAndStart(i: number): Promise<void> {
    await this.#running[i].kill();
    await this.start(i);
  }

  /** Sends so many a second to all queues in turn, until `stop` aborts; gives when all are answered. */
  async send(perSecond: number, stop: AbortSignal): Promise<void> {
    const began = runtime.clock.monotonic();
    let number = 0;
    let underWay = 0;
    const one = async (n: number) => {
      underWay++;
      const topic = topicName(n % TOPICS);
      const queueId = Math.floor(n / TOPICS) % QUEUES_A_TOPIC;
      const answer = await this.#ask(sendRequest(topic, String(n), "", queueId), n % LINES);
      underWay--;
      if (answer.code === 0) {
        const place = placeOf(topic, queueId, parseSendReply(answer).queueOffset);
        this.sent.set(place, String(n));
      } else this.refused.set(answer.code, (this.refused.get(answer.code) ?? 0) + 1);
    };
    const answered: Promise<void>[] = [];
    while (!stop.aborted) {
      const due = (runtime.clock.monotonic() - began) * perSecond / 1000;
      while (number < due && underWay < UNDER_WAY_MAX) answered.push(one(number++));
      await pause(TICK_MS);
    }
    await Promise.all(answered);
  }

  /** Messages that were stored and are missing in a group's ledger, over all groups. */
  missing(): number {
    for (const members of this.#members) members.readTo(this.#take);
    let missing = 0;
    for (let group = 0; group < GROUPS; group++) {
      const topics = new Set(topicsOf(group).map(topicName));
      const had = this.delivered.get(groupName(group))!;
      for (const place of this.sent.keys()) {
        if (topics.has(place.slice(0, place.indexOf(" "))) && !had.has(place)) missing++;
      }
    }
    return missing;
  }

  /** Ends all members in peace. */
  async end(): Promise<void> {
    for (const code of await Promise.all(this.#running.map((members) => members.leave()))) {
      if (code !== 0) throw new Error(`members ended with ${code}`);
    }
    for (const members of this.#members) members.readTo(this.#take);
  }

  /** Where each queue ends, by the broker: `topic queue` -> next offset. */
  async ends(): Promise<Map<string, number>> {
    const ends = new Map<string, number>();
    const ask = async (i: number) => {
      const ext = { topic: topicName(i % TOPICS), queueId: String(Math.floor(i / TOPICS)) };
      const answer = await this.#ask({ code: RequestCode.GET_MAX_OFFSET, ext });
      ends.set(`${ext.topic} ${ext.queueId}`, Number(answer.ext.offset));
    };
    await Promise.all(Array.from({ length: TOPICS * QUEUES_A_TOPIC }, (_, i) => ask(i)));
    return ends;
  }

  /** Where a group is, by the broker. */
  async offsets(): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>> {
    return parseOffsetTable((await this.#ask({ code: RequestCode.GET_ALL_CONSUMER_OFFSET })).body);
  }

  /** In how many queues the broker says of a group that it is not at the end. */
  async behind(ends: ReadonlyMap<string, number>): Promise<number> {
    const offsets = await this.offsets();
    let behind = 0;
    for (let group = 0; group < GROUPS; group++) {
      for (const topic of topicsOf(group).map(topicName)) {
        const queues = offsets.get(`${topic}@${groupName(group)}`);
        for (let queueId = 0; queueId < QUEUES_A_TOPIC; queueId++) {
          if ((queues?.get(queueId) ?? 0) !== ends.get(`${topic} ${queueId}`)) behind++;
        }
      }
    }
    return behind;
  }

  async figures(): Promise<BrokerFigures> {
    const { body } = await this.#ask({ code: RequestCode.GET_BROKER_RUNTIME_INFO });
    const { table } = JSON.parse(new TextDecoder().decode(body));
    const schedule = readFileSync(`/proc/${this.#node.process.pid}/schedstat`, "utf8").split(" ");
    return {
      stallMs: table.eventLoopStallMills.split(" ").map(Number),
      ownStallMs: table.eventLoopOwnStallMills.split(" ").map(Number),
      longOwnStalls: Number(table.eventLoopOwnStallsOver50Mills),
      busyMs: Number(schedule[0]) / 1e6,
      unservedMs: Number(schedule[1]) / 1e6,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const line of this.#lines) line.close();
    for (const members of this.#running) await members.kill();
  }

  #ask(request: Parameters<Redial["call"]>[1], line = 0) {
    return this.#lines[line].call(addressText(this.#node.broker), request, CALL_MS);
  }

  #take = ({ group, topic, queueId, queueOffset, body }: Delivery): void => {
    this.deliveries++;
    this.delivered.get(group)!.set(placeOf(topic, queueId, queueOffset), body);
  };
}

/** One process of members, and what it wrote down. */
class Members {
  readonly up: Promise<void>;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  readonly #ledger: number;
  #rest = "";
  #stderr = "";

  constructor(path: string, args: string[]) {
    this.#ledger = openSync(path, "r");
    const [command, words] = scriptFile(new URL("./members.ts", import.meta.url), ...args);
    this.#child = spawn(command, words, { stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stdin!.on("error", () => {}); // it may have been killed
    this.#child.stderr!.on("data", (bytes) => this.#stderr += bytes);
    this.#ended = new Promise((resolve) => this.#child.on("close", (code) => resolve(code)));
    this.up = new Promise((resolve, reject) => {
      this.#child.stdout!.on("data", () => resolve());
      this.#ended.then((code) => reject(new Error(`members ended with ${code}: ${this.#stderr}`)));
    });
    this.up.catch(() => {});
  }

  /** What was written since the last look. */
  readTo(take: (delivery: Delivery) => void): void {
    const bytes = new Uint8Array(256 * 1024);
    for (;;) {
      const got = readSync(this.#ledger, bytes, 0, bytes.length, null);
      if (got === 0) return;
      const lines = (this.#rest + new TextDecoder().decode(bytes.subarray(0, got))).split("\n");
      this.#rest = lines.pop()!;
      for (const line of lines) take(parseDelivery(line));
    }
  }

  async leave(): Promise<number | null> {
    this.#child.stdin!.write("leave\n");
    const late = runtime.clock.after(LEAVE_MS, () => this.#child.kill("SIGKILL"));
    const code = await this.#ended;
    late();
    return code;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
