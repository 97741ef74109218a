import type { CommitLog } from "../../store/commit_log.ts";
import { ResponseCode } from "../../wire/codes.ts";
import { refuse, type Reply } from "../../wire/command.ts";
import type { Subscription } from "../../wire/heartbeat.ts";
import { PULL_FLAG, type PullRequest } from "../../wire/pull.ts";
import { Expressions } from "./expressions.ts";
import { FilterTable, type FilterTableOptions } from "./filter_table.ts";
import { SqlError } from "./sql_tokens.ts";
import type { Subscribed } from "./subscriptions.ts";
import { type PullFilter, tagFilter } from "./tags.ts";

/** What `Filters` works with. */
export interface FiltersOptions extends FilterTableOptions {
  readonly commitLog: Pick<CommitLog, "readAt">;
  /** False: only tags are filtered by. */
  readonly enablePropertyFilter: boolean;
}

/** What a group's heartbeats say about how it reads. */
interface Reader {
  readonly messageModel: string;
  readonly subscriptions: ReadonlyMap<string, Subscribed>;
}

/** What a pull says about who wants what. */
type PullAs =
  & Pick<PullRequest, "consumerGroup" | "topic" | "sysFlag" | "subVersion">
  & Partial<Pick<PullRequest, "subscription" | "expressionType">>;

const SQL92 = "SQL92";

/** What pulls filter by: tags, or conditions on properties. */
export class Filters {
  readonly table: FilterTable;
  readonly #expressions: Expressions;
  readonly #options: Pick<FiltersOptions, "enablePropertyFilter">; // it may change

  constructor(options: FiltersOptions) {
    this.#options = options;
    this.#expressions = new Expressions(options.commitLog);
    this.table = new FilterTable(options);
  }

  /** Why nobody may subscribe so; undefined when anybody may. Source: ClientManageProcessor.checkClientConfig. */
  refusal(subscription: Subscription): Reply | undefined {
    const { topic, expressionType, subString } = subscription;
    if (expressionType === "TAG") return undefined;
    const filter = this.#compiled(expressionType, subString);
    return "wants" in filter
      ? undefined
      : refuse(filter.code, `Cannot subscribe to "${topic}": ${filter.reason}`);
  }

  /** Takes over what a member of a group subscribes to; `wasOnline`: the group had members before. */
  heartbeat(group: string, subscriptions: readonly Subscription[], wasOnline: boolean): void {
    const compiles = (text: string) => !(this.#expressions.get(text) instanceof SqlError);
    this.table.heartbeat(group, subscriptions, { wasOnline, compiles });
  }

  /**
   * What a pull filters by, or why it is refused: by its own expression when it has one, else by what its group
   * subscribed to. Source: PullMessageProcessor.
   */
  of(
    request: PullAs,
    group: Reader | undefined,
    broadcastAllowed: boolean,
  ): PullFilter | Reply {
    return (request.sysFlag & PULL_FLAG.subscription) !== 0
      ? this.#own(request)
      : this.#subscribed(request, group, broadcastAllowed);
  }

  #own({ consumerGroup, expressionType = "TAG", subscription }: PullAs): PullFilter | Reply {
    if (expressionType !== "TAG") {
      const filter = this.#compiled(expressionType, subscription ?? "");
      return "wants" in filter ? filter : refusePull(filter, consumerGroup);
    }
    const filter = tagFilter(subscription);
    if (filter !== undefined) return filter;
    return refusePull(parseFailed(`"${subscription}" names no tag`), consumerGroup);
  }

  #subscribed(
    { consumerGroup, topic, subVersion }: PullAs,
    group: Reader | undefined,
    broadcastAllowed: boolean,
  ): PullFilter | Reply {
    if (group === undefined) {
      return refusePull(notSubscribed("no consumer of the group is online here"), consumerGroup);
    }
    if (!broadcastAllowed && group.messageModel === "BROADCASTING") {
      const reason = "it may not broadcast";
      return refusePull({ code: ResponseCode.NO_PERMISSION, reason }, consumerGroup);
    }
    const subscription = group.subscriptions.get(topic);
    if (subscription === undefined) {
      const reason = `the group did not subscribe to "${topic}"`;
      return refusePull(notSubscribed(reason), consumerGroup);
    }
    if (subscription.subVersion < subVersion) {
      const reason =
        `its subscription here is ${subscription.subVersion}, the pull has ${subVersion}`;
      return refusePull({ code: ResponseCode.SUBSCRIPTION_NOT_LATEST, reason }, consumerGroup);
    }
    return subscription.expressionType === "TAG"
      ? subscription.byTags
      : this.#byProperties(consumerGroup, subscription);
  }

  #byProperties(group: string, { topic, subVersion }: Subscribed): PullFilter | Reply {
    const data = this.table.of(group, topic);
    if (!this.#options.enablePropertyFilter) return refusePull(NO_PROPERTIES, group);
    if (data === undefined) return refusePull(NO_FILTER, group);
    if (data.clientVersion < subVersion) {
      const reason =
        `its expression here is of ${data.clientVersion}, its subscription of ${subVersion}`;
      return refusePull({ code: ResponseCode.FILTER_DATA_NOT_LATEST, reason }, group);
    }
    const filter = this.#compiled(data.expressionType, data.expression);
    return "wants" in filter ? filter : refusePull(filter, group);
  }

  #compiled(type: string, text: string): PullFilter | Refused {
    if (!this.#options.enablePropertyFilter) return NO_PROPERTIES;
    if (type !== SQL92) return parseFailed(`filters of type "${type}" are not known`);
    const filter = this.#expressions.get(text);
    return filter instanceof SqlError
      ? parseFailed(`"${shortened(text)}" is no SQL92 expression: ${filter.message}`)
      : filter;
  }
}

/** Why there is no filter. */
interface Refused {
  readonly code: number;
  readonly reason: string;
}

const NO_PROPERTIES: Refused = {
  code: ResponseCode.SYSTEM_ERROR,
  reason: "enablePropertyFilter is false here, only tags are filtered by",
};
const NO_FILTER: Refused = {
  code: ResponseCode.FILTER_DATA_NOT_EXIST,
  reason: "no expression of it is known here, or the last one was none",
};

function notSubscribed(reason: string): Refused {
  return { code: ResponseCode.SUBSCRIPTION_NOT_EXIST, reason };
}

function parseFailed(reason: string): Refused {
  return { code: ResponseCode.SUBSCRIPTION_PARSE_FAILED, reason };
}

function refusePull({ code, reason }: Refused, group: string): Reply {
  return refuse(code, `cannot pull as "${group}": ${reason}`);
}

function shortened(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}
