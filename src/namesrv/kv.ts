import { AutoSave, JsonFile } from "../base/json_file.ts";
import { type Log, reasonOf } from "../base/log.ts";
import type { Dir } from "../ports/fs.ts";
import type { Clock } from "../ports/host.ts";

/** The namespace whose entries brokers get with each registration: topics that have an order. */
export const ORDER_TOPIC_CONFIG = "ORDER_TOPIC_CONFIG";
const FILE_NAME = "kvConfig.json";
/** After a failed write the next is tried this much later. */
const AGAIN_MS = 5_000;

type Table = Map<string, Map<string, string>>;

/**
 * Settings that admin tools keep on name servers: namespace -> key -> value. The only thing a name server
 * remembers after a restart, in Java's file `{"configTable":{"ns":{"k":"v"}}}`. Source: KVConfigManager.
 */
export class KvConfig {
  readonly #table: Table;
  readonly #saved: AutoSave | undefined;
  /** Where it is kept; undefined when it is not. */
  readonly path: string | undefined;

  /**
   * Reads the file in `dir`; without a folder nothing outlives the process.
   *
   * @throws {CorruptLogError} when there is a file and neither it nor the one before can be read.
   */
  constructor(dir: Dir | undefined, { clock, log }: { clock: Clock; log: Log }) {
    if (dir === undefined) {
      this.#table = new Map();
      return;
    }
    const file = new JsonFile(dir, FILE_NAME, log);
    this.path = file.path;
    this.#table = file.load(parseTable) ?? new Map();
    const text = () => formatTable(this.#table);
    this.#saved = new AutoSave({ file, clock, log, intervalMs: AGAIN_MS, text });
  }

  get(namespace: string, key: string): string | undefined {
    return this.#table.get(namespace)?.get(key);
  }

  /** All keys of a namespace; undefined when it never had one. */
  list(namespace: string): ReadonlyMap<string, string> | undefined {
    return this.#table.get(namespace);
  }

  /** Resolves when the setting is on disk. */
  put(namespace: string, key: string, value: string): Promise<void> {
    const entries = this.#table.get(namespace);
    if (entries) entries.set(key, value);
    else this.#table.set(namespace, new Map([[key, value]]));
    return this.#save();
  }

  /** Resolves when the key is gone from the disk too. */
  delete(namespace: string, key: string): Promise<void> {
    return this.#table.get(namespace)?.delete(key) ? this.#save() : Promise.resolve();
  }

  /** Writes what could not be written so far, if it can be now. */
  async close(): Promise<void> {
    await this.#saved?.close();
  }

  async #save(): Promise<void> {
    this.#saved?.changed();
    try {
      await this.#saved?.flush();
    } catch (error) {
      throw new Error(
        `the setting holds until a restart only, it cannot be written: ${reasonOf(error)}`,
      );
    }
  }
}

function parseTable(text: string): Table {
  const { configTable } = JSON.parse(text) as { configTable?: Record<string, unknown> };
  if (typeof configTable !== "object" || configTable === null) {
    throw new Error('it holds no "configTable"');
  }
  const table: Table = new Map();
  for (const [namespace, entries] of Object.entries(configTable)) {
    const texts = Object.entries(entries ?? {});
    table.set(namespace, new Map(texts.map(([key, value]) => [key, String(value)])));
  }
  return table;
}

function formatTable(table: Table): string {
  const configTable = Object.fromEntries(
    [...table].map(([namespace, entries]) => [namespace, Object.fromEntries(entries)]),
  );
  return JSON.stringify({ configTable });
}
