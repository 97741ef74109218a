import type { Fields } from "./fields.ts";

/**
 * How a slave of ours names itself to its master: extra fields of its requests 21 and 43, which Java masters
 * pass over. With them the master tells two slaves on one machine apart, and knows an old connection of a
 * slave from its newer one.
 */
export interface SlaveName {
  /** Unlike that of any other slave of the master. */
  readonly brokerId: number;
  /** Local port of its HA connection. */
  readonly haPort: number;
  /** Where it answers requests: its listenPort. */
  readonly listenPort: number;
}

/** The extra fields. */
export function slaveNameFields(name: SlaveName): Record<string, string> {
  return {
    slaveBrokerId: String(name.brokerId),
    slaveHaPort: String(name.haPort),
    slaveListenPort: String(name.listenPort),
  };
}

/** Who asks; undefined when it does not say, as Java's slaves. @throws {FieldError} when it says nonsense. */
export function parseSlaveName(fields: Fields): SlaveName | undefined {
  if (fields.optional("slaveHaPort") === undefined) return undefined;
  return {
    brokerId: fields.int32("slaveBrokerId"),
    haPort: fields.int32("slaveHaPort"),
    listenPort: fields.int32("slaveListenPort"),
  };
}
