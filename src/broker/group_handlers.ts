import { utf8 } from "../base/bytes.ts";
import type { Handler } from "../rpc/peer.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import { Fields } from "../wire/fields.ts";
import { parseGroup } from "../wire/group.ts";
import type { Groups } from "./groups.ts";
import type { Offsets } from "./offsets.ts";
import { refuseOnSlave, saved } from "./topic_handlers.ts";

/** What requests about groups need of their broker. */
export interface GroupContext {
  readonly groups: Groups;
  readonly offsets: Offsets;
  readonly isSlave: boolean;
}

/** Handlers of 200, 201 and 207. Source: AdminBrokerProcessor. */
export function groupHandlers({ groups, offsets, isSlave }: GroupContext): [number, Handler][] {
  const update: Handler = ({ body }) => {
    const config = parseGroup(body);
    if (isSlave) return refuseOnSlave(`change group "${config.groupName}"`);
    groups.update(config);
    return saved(groups);
  };

  const remove: Handler = ({ ext }) => {
    const fields = new Fields(ext);
    const name = fields.text("groupName");
    if (isSlave) return refuseOnSlave(`delete group "${name}"`);
    groups.delete(name);
    // 4.9 and 5.x name it differently
    if (fields.flag("removeOffset") || fields.flag("cleanOffset")) offsets.removeGroup(name);
    return saved(groups);
  };

  return [
    [RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, update],
    [RequestCode.DELETE_SUBSCRIPTIONGROUP, remove],
    [
      RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG,
      () => ({ code: ResponseCode.SUCCESS, body: utf8(groups.json()) }),
    ],
  ];
}
