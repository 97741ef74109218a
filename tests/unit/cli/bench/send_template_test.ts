import { assert, assertEquals } from "@std/assert";
import { type MessageShape, SendTemplate } from "../../../../src/cli/bench/send_template.ts";
import { splitBatch } from "../../../../src/wire/batch.ts";
import { decodeCommand } from "../../../../src/wire/codec.ts";
import { parseProperties } from "../../../../src/wire/properties.ts";
import { parseSendV2 } from "../../../../src/wire/send.ts";
import { SendScan } from "../../../../src/wire/send_scan.ts";
import { test } from "../../../harness.ts";

const SHAPE: MessageShape = { topic: "T", queues: 4, bodyBytes: 100, batch: 1, keys: 0 };
const RANDOM = Uint8Array.from({ length: 10 }, (_, i) => 0xa0 + i);
const ID = "A0A1A2A3A4A5A6A7A8A9";

/** Request after request in the same bytes, as a connection makes them. */
function requests(shape: MessageShape, opaques: readonly number[]) {
  const template = new SendTemplate(shape, RANDOM);
  const into = template.bytes.slice();
  return opaques.map((opaque, i) => {
    template.patch(into, 0, opaque, 1_700_000_000_000 + i);
    const command = decodeCommand(into.slice(4));
    return { command, send: parseSendV2(command.ext), frame: into.slice(4) };
  });
}

test("SendTemplate makes sends of their own out of the same bytes", () => {
  const made = requests({ ...SHAPE, queues: 12 }, [2147483647, 7, 23]);
  assertEquals(made.map(({ command }) => [command.code, command.opaque]), [
    [310, 2147483647],
    [310, 7],
    [310, 23],
  ]);
  assertEquals(made.map(({ send }) => send.queueId), [2147483647 % 12, 7, 11]);
  assertEquals(made.map(({ send }) => send.bornTimestamp - 1_700_000_000_000), [0, 1, 2]);
  assertEquals(
    made.map(({ send }) => parseProperties(send.properties).get("UNIQ_KEY")),
    [`${ID}002147483647`, `${ID}000000000007`, `${ID}000000000023`],
  );
  assertEquals(made.map(({ command }) => command.body.length), [100, 100, 100]);
});

test("SendTemplate gives messages tag, properties and keys of their own", () => {
  const shape = { ...SHAPE, tag: "new", keys: 2, properties: { color: "röt", size: "3" } };
  const [{ send }] = requests(shape, [5]);
  const id = `${ID}000000000005`;
  assertEquals(Object.fromEntries(parseProperties(send.properties)), {
    color: "röt",
    size: "3",
    TAGS: "new",
    KEYS: `${id}-1 ${id}-2`,
    UNIQ_KEY: id,
    WAIT: "true",
  });
});

test("SendTemplate puts several messages into one request, each with its own id", () => {
  const [{ command, send }] = requests({ ...SHAPE, batch: 3, tag: "A", keys: 1 }, [100]);
  assertEquals([command.code, send.batch, send.properties], [320, true, "WAIT\x01true"]);
  const entries = splitBatch(command.body);
  assertEquals(entries.map(({ body }) => body.length), [100, 100, 100]);
  const ids = entries.map(({ properties }) => parseProperties(properties));
  assertEquals(
    ids.map((all) => all.get("UNIQ_KEY")),
    [300, 301, 302].map((n) => `${ID}000000000${n}`),
  );
  assertEquals(
    ids.map((all) => all.get("KEYS")),
    [300, 301, 302].map((n) => `${ID}000000000${n}-1`),
  );
});

test("SendTemplate's sends are plain ones to a broker of ours", () => {
  for (const { frame } of requests({ ...SHAPE, queues: 100, tag: "A" }, [1, 99])) {
    assert(new SendScan().read(frame));
  }
});

test("SendTemplate sends that do not wait say so", () => {
  const [{ send }] = requests({ ...SHAPE, waits: false }, [1]);
  assertEquals(parseProperties(send.properties).get("WAIT"), "false");
});
