// Show a program with line numbers and highlighting. The highlighter returns a tree: no HTML is parsed.

import python from "highlight.js/lib/languages/python";
import { createLowlight } from "lowlight";
import { useMemo, useState } from "preact/hooks";
import { Visible } from "../parts/texts";
import { count, cut } from "../text";

const lowlight = createLowlight({ python });
const HIGHLIGHTED_CHARACTERS = 20_000;
const LINE_CHARACTERS = 2000;
const LINES_SHOWN = 300;

interface Token {
  text: string;
  kind: string;
}

type Tree = ReturnType<typeof lowlight.highlight>["children"][number];

// Return the tokens of each line.
function linesOf(program: string): Token[][] {
  const lines: Token[][] = [[]];
  const add = (text: string, kind: string) =>
    text.split("\n").forEach((part, index) => {
      if (index > 0) lines.push([]);
      if (part) lines.at(-1)!.push({ text: part, kind });
    });
  const walk = (node: Tree, kind: string) => {
    if (node.type === "text") add(node.value, kind);
    else if (node.type === "element") {
      const [name] = (node.properties.className as string[] | undefined) ?? [];
      node.children.forEach((child) => walk(child as Tree, name ?? kind));
    }
  };
  if (program.length > HIGHLIGHTED_CHARACTERS) add(program, "");
  else lowlight.highlight("python", program).children.forEach((node) => walk(node, ""));
  return lines;
}

export function Program({ program, marked }: { program: string; marked: ReadonlySet<number> }) {
  const [isWhole, setWhole] = useState(false);
  const lines = useMemo(() => linesOf(program.replace(/\r\n?/g, "\n").replace(/\n$/, "")), [program]);
  const isLong = lines.length > LINES_SHOWN || lines.some((line) => lengthOf(line) > LINE_CHARACTERS);
  const shown = isWhole ? lines : lines.slice(0, LINES_SHOWN);
  return (
    <>
      <div class="code" role="region" aria-label="Program" tabIndex={0}>
        <ol>
          {shown.map((line, index) => (
            <li key={index} class={marked.has(index + 1) ? "marked" : ""}>
              <code>
                {(isWhole ? line : shortened(line)).map(({ text, kind }, position) => (
                  <span key={position} class={kind}>
                    <Visible text={text} />
                  </span>
                ))}
              </code>
            </li>
          ))}
        </ol>
      </div>
      {isLong && !isWhole && (
        <button class="more" onClick={() => setWhole(true)}>
          Show more ({count(program.length)} characters in {count(lines.length)} lines)
        </button>
      )}
    </>
  );
}

function lengthOf(line: Token[]): number {
  return line.reduce((sum, { text }) => sum + text.length, 0);
}

function shortened(line: Token[]): Token[] {
  if (lengthOf(line) <= LINE_CHARACTERS) return line;
  let left = LINE_CHARACTERS;
  const kept: Token[] = [];
  for (const token of line) {
    if (left <= 0) break;
    kept.push({ ...token, text: cut(token.text, left) });
    left -= token.text.length;
  }
  return [...kept, { text: "…", kind: "none" }];
}
