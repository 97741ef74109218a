import type { DataVersion } from "../wire/tables.ts";
import { formatGroupTable, type GroupConfig, parseGroupTable, plainGroup } from "../wire/group.ts";
import type { BrokerConfig } from "./config.ts";
import { type TableOptions, VersionedTable } from "./versioned.ts";

/** Groups every broker knows. Source: SubscriptionGroupManager. */
const PREDEFINED = [
  "TOOLS_CONSUMER",
  "FILTERSRV_CONSUMER",
  "SELF_TEST_C_GROUP",
  "CID_ONS-HTTP-PROXY",
  "CID_ONSAPI_PULL",
  "CID_ONSAPI_PERMISSION",
  "CID_ONSAPI_OWNER",
];
const SYSTEM_PREFIX = "CID_RMQ_SYS_";
/** Source: Validators of the Java client. */
const NAME_LENGTH_MAX = 255;

/** Options that say which groups there are. */
export type GroupOptions = Pick<BrokerConfig, "autoCreateSubscriptionGroup">;

/** The settings of consumer groups, and the one owner of subscriptionGroup.json. */
export class Groups {
  readonly #options: GroupOptions;
  readonly #table: VersionedTable<GroupConfig>;

  constructor(options: GroupOptions, table: TableOptions) {
    this.#options = options;
    this.#table = new VersionedTable<GroupConfig>(table, {
      name: "subscriptionGroup.json",
      format: ({ dataVersion, entries }, pretty) =>
        formatGroupTable({ dataVersion, groups: entries }, pretty),
      parse: (text) => {
        const { dataVersion, groups } = parseGroupTable(text);
        return { dataVersion, entries: groups };
      },
    });
  }

  /** Reads the file over the predefined groups; before anything else is asked. @throws {CorruptLogError} */
  load(): void {
    this.#table.load(PREDEFINED.map((name) => [name, plainGroup(name)] as const));
  }

  get(name: string): GroupConfig | undefined {
    return this.#table.get(name);
  }

  /** The group, made when it is missing; undefined when it is and may not be made. */
  find(name: string): GroupConfig | undefined {
    const known = this.#table.get(name);
    if (known !== undefined) return known;
    if (!this.#options.autoCreateSubscriptionGroup && !name.startsWith(SYSTEM_PREFIX)) {
      return undefined;
    }
    if (name.trim() === "" || name.length > NAME_LENGTH_MAX || this.#table.full) return undefined;
    const group = plainGroup(name);
    this.#table.put([name, group]);
    return group;
  }

  get dataVersion(): DataVersion {
    return this.#table.dataVersion;
  }

  /** All groups by name; not to be kept. */
  all(): ReadonlyMap<string, GroupConfig> {
    return this.#table.entries;
  }

  /** The body of answer 201. */
  json(): string {
    return this.#table.json();
  }

  /** Puts a group in, or gives one other settings. */
  update(config: GroupConfig): void {
    this.#table.put([config.groupName, config]);
  }

  /** Takes a group out; false when there was none. */
  delete(name: string): boolean {
    return this.#table.delete(name);
  }

  /** A slave takes over its master's groups. */
  replaceFrom(dataVersion: DataVersion, groups: ReadonlyMap<string, GroupConfig>): void {
    this.#table.replaceFrom({ dataVersion, entries: groups });
  }

  /** Resolves when all changes so far are on the disk. @throws {FsError} */
  flush(): Promise<void> {
    return this.#table.flush();
  }

  /** Writes what is left. */
  close(): Promise<void> {
    return this.#table.close();
  }
}
