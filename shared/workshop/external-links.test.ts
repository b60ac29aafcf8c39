import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { externalLinks, followLinks } from "./external-links.ts";

let server: Server;
let address = "";
let asked: string[] = [];
let most = 0;

beforeEach(async () => {
  asked = [];
  most = 0;
  let open = 0;
  server = createServer((request, response) => {
    const { method, url = "" } = request;
    asked.push(`${method} ${url}`);
    open += 1;
    most = Math.max(most, open);
    response.on("close", () => {
      open -= 1;
    });
    if (url === "/silent") return;
    if (url === "/moved") response.writeHead(301, { location: "/there" });
    else if (url === "/no-head") response.writeHead(method === "HEAD" ? 405 : 200);
    else if (url === "/gone") response.writeHead(404);
    else if (url === "/closed") response.writeHead(403);
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

describe("links that leave the repository", () => {
  it("are found in prose, each once, and without what they point at in the page", () => {
    const text = "[a](https://a.example/x#y), [again](https://a.example/x), [here](b.md)\n";
    const code = "```sh\n[c](https://c.example)\n```\n`[d](https://d.example)`\n";
    const documents = [
      { name: "README.md", text },
      { name: "b.md", text: `${text}${code}` },
    ];
    expect([...externalLinks(documents)]).toEqual([["https://a.example/x", "README.md"]]);
  });

  it("lead somewhere, nowhere, or nobody can say", async () => {
    const paths = ["/there", "/moved", "/no-head", "/gone", "/closed", "/silent"];
    const report = await followLinks(linksTo(paths), { limit: 2_000 });
    expect(report).toEqual({
      followed: 6,
      dead: [`README.md: ${address}/gone answers 404`],
      unknown: [
        `README.md: ${address}/closed answers 403`,
        `README.md: ${address}/silent gives no answer`,
      ],
    });
    expect(asked).toContain("GET /no-head");
    expect(asked).not.toContain("GET /there");
  });

  it("are followed a few at a time", async () => {
    const paths = Array.from({ length: 12 }, (_, number) => `/page-${number}`);
    expect((await followLinks(linksTo(paths), { atOnce: 3 })).followed).toBe(12);
    expect(most).toBeLessThanOrEqual(3);
  });

  it("are dead without a host only where there is a network", async () => {
    const nowhere = ["https://no-such-host.invalid/", "README.md"] as const;
    expect(await followLinks(new Map([nowhere]))).toMatchObject({ dead: [], followed: 1 });
    const { dead, unknown } = await followLinks(new Map([nowhere, ...linksTo(["/there"])]));
    expect([...dead, ...unknown].join()).toContain("https://no-such-host.invalid/");
  });

  it("are unknown where nobody answers", async () => {
    const links = linksTo(["/there"]);
    server.closeAllConnections();
    server.close();
    await once(server, "close");
    const { dead, unknown } = await followLinks(links);
    expect(dead).toEqual([]);
    expect(unknown).toEqual([`README.md: ${address}/there ECONNREFUSED`]);
    server.listen(0);
    await once(server, "listening");
  });
});

function linksTo(paths: readonly string[]): ReadonlyMap<string, string> {
  return new Map(paths.map((path) => [`${address}${path}`, "README.md"] as const));
}
