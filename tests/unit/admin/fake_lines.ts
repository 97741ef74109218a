import type { Lines } from "../../../src/admin/lines.ts";
import type { Command, Reply, Request } from "../../../src/wire/command.ts";

/** Where a fake cluster's name servers are. */
export const NAMESRVS = ["ns1:9876", "ns2:9876"];

/** A cluster that answers by request code, and notes who was asked for what. */
export function fakeLines(
  answers: Record<number, Reply | ((request: Request, address: string) => Reply)>,
): Lines & { asked: (readonly [address: string, request: Request])[] } {
  const asked: (readonly [string, Request])[] = [];
  const answer = (address: string, request: Request): Promise<Command> => {
    asked.push([address, request]);
    const known = answers[request.code] ?? { code: 3, remark: "not supported" };
    const reply = typeof known === "function" ? known(request, address) : known;
    const { code, remark, ext = {}, body = new Uint8Array(0) } = reply;
    return Promise.resolve({ code, remark, ext, body } as Command);
  };
  return {
    asked,
    namesrvs: NAMESRVS,
    calls: { call: answer },
    servers: { ask: (request) => answer("any", request) },
  };
}
