/**
 * The files of the page. Nothing but the page's own scripts and styles runs or loads in it,
 * whatever stands in a guest's name: the browser is told so here.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";

export interface PageRoute {
  readonly method: "GET";
  readonly path: string;
  handle(request: IncomingMessage, response: ServerResponse): void;
}

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
  // Shown as it is written: nothing in a document becomes part of the page.
  md: "text/plain; charset=utf-8",
};

/** The page at `/`, each of its files, and the steps' READMEs, which it links. */
export function pageRoutes(): readonly PageRoute[] {
  const folder = join(import.meta.dirname, "page");
  const files = readdirSync(folder).filter((name) => typeOf(name) !== undefined);
  const steps = join(import.meta.dirname, "../../steps");
  const documents = readdirSync(steps)
    .map((step) => `${step}/README.md`)
    .filter((name) => existsSync(join(steps, name)));
  return [
    fileRoute("/", join(folder, "index.html")),
    ...files.map((name) => fileRoute(`/${name}`, join(folder, name))),
    ...documents.map((name) => fileRoute(`/steps/${name}`, join(steps, name))),
  ];
}

/** Read with each request: whoever changes the page sees it at the next reload. */
function fileRoute(path: string, file: string): PageRoute {
  return {
    method: "GET",
    path,
    handle(_, response) {
      const content = readFileSync(file);
      response.writeHead(200, {
        "content-type": typeOf(file) ?? "application/octet-stream",
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-cache",
      });
      response.end(content);
    },
  };
}

function typeOf(file: string): string | undefined {
  return types[file.split(".").at(-1) ?? ""];
}
