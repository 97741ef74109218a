/** How a command's header is written; a response goes out the way its request came in. */
export type HeaderForm = "json" | "binary";

/** Ext fields of a header. Values are text on the wire; `Fields` turns them into numbers and flags. */
export type ExtFields = Record<string, string>;

/** What we say we are: clients refuse some features below certain versions. 407 is 4.9.7. */
export const OUR_VERSION = 407;

/**
 * One request or response of the remoting protocol, decoded.
 *
 * `flag` bit 0: response, bit 1: one-way. `body` is a view of the received chunk: who keeps it copies it.
 */
export interface Command {
  readonly form: HeaderForm;
  readonly code: number;
  /** Name of the sender's language, as in the JSON form: "JAVA", "GO"…; undefined when unknown. */
  readonly language: string | undefined;
  readonly version: number;
  readonly opaque: number;
  readonly flag: number;
  readonly remark: string | undefined;
  readonly ext: ExtFields;
  readonly body: Uint8Array;
}

/** What a handler answers; the peer adds opaque, flag, version and language. */
export interface Reply {
  readonly code: number;
  readonly remark?: string;
  readonly ext?: ExtFields;
  readonly body?: Uint8Array;
}

/** What we send as a request; the peer adds opaque, version and language. */
export interface Request {
  readonly code: number;
  readonly ext?: ExtFields;
  readonly body?: Uint8Array;
}

export const FLAG_RESPONSE = 1;
/** A request with this bit is never answered, not even with an error. */
export const FLAG_ONEWAY = 2;

/** An answer that is not what the caller hoped for: STYLE rule 10, remarks name action, value and wanted state. */
export function refuse(code: number, remark: string): Reply {
  return { code, remark };
}
