/** The little Markdown of hints, for a terminal: paragraphs and lists wrapped, code indented. */

import { bold } from "./paint.ts";

/** Lines of at most `width` characters; code is never wrapped. */
export function renderMarkdown(markdown: string, width: number): readonly string[] {
  return blocksOf(markdown)
    .flatMap((block, index) => [...(index > 0 ? [""] : []), ...render(block, width)])
    .map((line) => line.trimEnd());
}

type Block =
  | { readonly kind: "code"; readonly lines: readonly string[] }
  | { readonly kind: "table"; readonly lines: readonly string[] }
  | { readonly kind: "text"; readonly items: readonly string[] };

function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let text: string[] = [];
  let code: string[] | undefined;
  const endText = (): void => {
    if (text.length > 0) blocks.push(asBlock(text));
    text = [];
  };
  for (const line of markdown.replaceAll("\r\n", "\n").split("\n")) {
    const isFence = /^\s*```/.test(line);
    if (code && isFence) {
      blocks.push({ kind: "code", lines: code });
      code = undefined;
    } else if (code) code.push(line);
    else if (isFence) {
      endText();
      code = [];
    } else if (line.trim() === "") endText();
    else text.push(line);
  }
  endText();
  if (code) blocks.push({ kind: "code", lines: code });
  return blocks;
}

function asBlock(lines: readonly string[]): Block {
  if (lines.every((line) => line.startsWith("|"))) return { kind: "table", lines };
  const items: string[] = [];
  for (const line of lines) {
    const continued = items.at(-1);
    if (continued === undefined || itemMark.test(line)) items.push(line.trim());
    else items[items.length - 1] = `${continued} ${line.trim()}`;
  }
  return { kind: "text", items };
}

const itemMark = /^\s*(?:[-*]|\d+\.) /;

function render(block: Block, width: number): readonly string[] {
  if (block.kind === "code") return block.lines.map((line) => bold(`  ${line}`));
  if (block.kind === "table") return block.lines.map((line) => `  ${line}`);
  return block.items.flatMap((item) => {
    const mark = itemMark.exec(item)?.[0] ?? "";
    return wrap(plain(item.slice(mark.length)), width - mark.length).map(
      (line, index) => (index === 0 ? mark : " ".repeat(mark.length)) + line,
    );
  });
}

/** Emphasis and links as their words; inline code as it stands. */
function plain(text: string): string {
  return text
    .split(/(`[^`]+`)/)
    .map((part, index) =>
      index % 2 === 1
        ? part
        : part
            .replaceAll(/\[([^\]]+)\]\((https?:[^)]+)\)/g, "$1 ($2)")
            .replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1")
            .replaceAll(/\*\*([^*]+)\*\*/g, "$1")
            .replaceAll(/\*(\S|\S[^*]*\S)\*/g, "$1"),
    )
    .join("");
}

/** Breaks between words; inline code with spaces in it is one word while it fits a line. */
function wrap(text: string, width: number): readonly string[] {
  const words = [...text.matchAll(/(?:`[^`]+`|\S)+/g)].flatMap(([word]) =>
    word.length > width ? word.split(" ") : [word],
  );
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
