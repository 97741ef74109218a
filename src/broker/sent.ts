import type { Peer, ReplyTo } from "../rpc/peer.ts";
import type { Appended } from "../store/store.ts";
import { ResponseCode } from "../wire/codes.ts";
import { FLAG_ONEWAY, type Reply } from "../wire/command.ts";
import { formatMessageId } from "../wire/message_id.ts";
import { putSendReply } from "../wire/send_reply.ts";
import type { Confirmed } from "./confirm.ts";

/** What all answers to sends of one broker have in common. */
export interface AnswerStyle {
  /** First part of each offset message id; from `messageIdPrefix`. */
  readonly idPrefix: string;
  readonly regionId: string;
  readonly traceOn: boolean;
}

/** What is said with the codes of stored messages that did not reach a guarantee. */
export const STORED_REMARKS: Record<number, string | undefined> = {
  [ResponseCode.FLUSH_DISK_TIMEOUT]: "stored, but the disk did not confirm it in time",
  [ResponseCode.FLUSH_SLAVE_TIMEOUT]: "stored, but no slave confirmed it in time",
  [ResponseCode.SLAVE_NOT_AVAILABLE]: "stored, but no slave is near enough to confirm it",
};

/** One stored send on its way to its answer. It keeps where that goes, not the request with its body. */
export class Sent implements Confirmed, ReplyTo {
  readonly form: ReplyTo["form"];
  readonly opaque: number;
  readonly flag: number;
  readonly end: number;
  readonly #peer: Peer;
  readonly #queueId: number;
  readonly #first: Appended;
  /** Where the messages of a batch lie; undefined for a single one. */
  readonly #all: readonly Appended[] | undefined;
  readonly #style: AnswerStyle;

  constructor(
    peer: Peer,
    { form, opaque, flag }: ReplyTo,
    queueId: number,
    stored: Appended | readonly Appended[],
    style: AnswerStyle,
  ) {
    this.#peer = peer;
    this.form = form;
    this.opaque = opaque;
    this.flag = flag;
    this.#queueId = queueId;
    this.#style = style;
    if (Array.isArray(stored)) {
      this.#all = stored;
      this.#first = stored[0];
      this.end = stored[stored.length - 1].end;
    } else {
      this.#first = stored as Appended;
      this.end = this.#first.end;
    }
  }

  confirmed(code: number): void {
    if (this.#peer.closed || (this.flag & FLAG_ONEWAY) !== 0) return;
    putSendReply(this.#peer.out, this, {
      code,
      remark: STORED_REMARKS[code],
      msgId: this.#messageIds(),
      queueId: this.#queueId,
      queueOffset: this.#first.queueOffset,
      region: this.#style.regionId,
      traceOn: this.#style.traceOn,
    });
    this.#peer.flushSoon();
  }

  refused(reply: Reply): void {
    this.#peer.reply(this, reply);
  }

  #messageIds(): string {
    const { idPrefix } = this.#style;
    if (this.#all === undefined) return formatMessageId(idPrefix, this.#first.logOffset);
    return this.#all.map(({ logOffset }) => formatMessageId(idPrefix, logOffset)).join(",");
  }
}
