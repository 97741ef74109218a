import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { hexOf, viewOf } from "../../../src/base/bytes.ts";
import {
  addressText,
  hostBytes,
  ipBytes,
  parseAddress,
  readHost,
} from "../../../src/wire/host_address.ts";
import { test } from "../../harness.ts";

for (
  const { host, hex } of [
    { host: "127.0.0.1", hex: "7f000001" },
    { host: "255.0.10.200", hex: "ff000ac8" },
    { host: "::1", hex: "00000000000000000000000000000001" },
    { host: "::", hex: "00000000000000000000000000000000" },
    { host: "1::", hex: "00010000000000000000000000000000" },
    { host: "2001:DB8::8:800:200c:417a", hex: "20010db80000000000080800200c417a" },
    { host: "1:2:3:4:5:6:7:8", hex: "00010002000300040005000600070008" },
    { host: "fe80::1%eth0", hex: "fe800000000000000000000000000001" },
    { host: "::ffff:10.0.0.1", hex: "0a000001" },
    { host: "64:ff9b::10.0.0.1", hex: "0064ff9b00000000000000000a000001" },
  ]
) {
  test(`ipBytes() reads ${host}`, () => assertEquals(hexOf(ipBytes(host)!), hex));
}

for (
  const host of [
    "",
    "localhost",
    "1.2.3",
    "1.2.3.256",
    "1.2.3.4.5",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "1:2:3:4:5:6:7::8",
    "12345::",
    "g::",
    ":1",
    "1.2.3.4::",
  ]
) {
  test(`ipBytes() knows that "${host}" is no IP literal`, () => {
    assertEquals(ipBytes(host), undefined);
  });
}

test("hostBytes() takes IP literals only", () => {
  assertThrows(
    () => hostBytes({ host: "localhost", port: 1 }),
    Error,
    '"localhost" is an IP literal',
  );
});

test("readHost() gives back what hostBytes() got", () => {
  const hosts = fc.oneof(fc.ipV4(), fc.ipV6());
  fc.assert(fc.property(hosts, fc.nat(65535), (host, port) => {
    const bytes = hostBytes({ host, port });
    const read = readHost(viewOf(bytes), 0, bytes.length);
    assertEquals(hexOf(hostBytes(read)), hexOf(bytes));
    assertEquals(parseAddress(addressText(read)), read);
  }));
});

test("readHost() writes IPv6 in its short form", () => {
  const short = (host: string) => {
    const bytes = hostBytes({ host, port: 1 });
    return readHost(viewOf(bytes), 0, bytes.length).host;
  };
  assertEquals(short("0:0:0:0:0:0:0:0"), "::");
  assertEquals(short("2001:0db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");
  assertEquals(short("1:0:2:3:4:5:6:7"), "1:0:2:3:4:5:6:7");
  assertEquals(short("1:2:3:4:5:6:0:0"), "1:2:3:4:5:6::");
});

test("parseAddress() takes a host name, IPv4 and IPv6 with or without brackets", () => {
  assertEquals(parseAddress("broker:10911"), { host: "broker", port: 10911 });
  assertEquals(parseAddress("10.0.0.1:0"), { host: "10.0.0.1", port: 0 });
  assertEquals(parseAddress("[::1]:10911"), { host: "::1", port: 10911 });
  assertEquals(parseAddress("::1:10911"), { host: "::1", port: 10911 });
});

for (const text of ["", "host", "host:", ":1", "host:65536", "host:-1", "host:1a", "host: 1"]) {
  test(`parseAddress() refuses "${text}"`, () => assertEquals(parseAddress(text), undefined));
}
