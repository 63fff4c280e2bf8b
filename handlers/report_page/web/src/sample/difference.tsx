// Show expected and observed output side by side: equal lines face each other, differences are marked.

import { diffLines, diffWordsWithSpace } from "diff";
import { useMemo } from "preact/hooks";
import { LongText, Visible } from "../parts/texts";

const COMPARED_CHARACTERS = 20_000;
const EDITS_MAX = 2000; // more would take long, and tell nothing

interface Part {
  text: string;
  isChanged: boolean;
}

interface Pair {
  expected: Part[] | null;
  observed: Part[] | null;
}

// Return pairs of lines; null if the texts are too long or too different to compare.
export function pairsOfLines(expected: string, observed: string): Pair[] | null {
  if (Math.max(expected.length, observed.length) > COMPARED_CHARACTERS) return null;
  const changes = diffLines(expected, observed, { maxEditLength: EDITS_MAX, ignoreNewlineAtEof: true });
  if (!changes) return null;
  const pairs: Pair[] = [];
  for (let index = 0; index < changes.length; index += 1) {
    const { value, added, removed } = changes[index]!;
    const next = changes[index + 1];
    if (removed && next?.added) {
      pairs.push(...changedLines(linesOf(value), linesOf(next.value)));
      index += 1;
    } else if (removed) pairs.push(...linesOf(value).map((text) => ({ expected: whole(text, true), observed: null })));
    else if (added) pairs.push(...linesOf(value).map((text) => ({ expected: null, observed: whole(text, true) })));
    else pairs.push(...linesOf(value).map((text) => ({ expected: whole(text, false), observed: whole(text, false) })));
  }
  return pairs;
}

function changedLines(expected: string[], observed: string[]): Pair[] {
  return Array.from({ length: Math.max(expected.length, observed.length) }, (_, index) => {
    const [one, other] = [expected[index], observed[index]];
    if (one === undefined || other === undefined) {
      return { expected: one === undefined ? null : whole(one, true), observed: other === undefined ? null : whole(other, true) };
    }
    const changes = diffWordsWithSpace(one, other, { maxEditLength: EDITS_MAX });
    if (!changes) return { expected: whole(one, true), observed: whole(other, true) };
    const side = (left: "added" | "removed") => changes.filter((change) => !change[left]).map(({ value, added, removed }) => ({ text: value, isChanged: added || removed }));
    return { expected: side("added"), observed: side("removed") };
  });
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function whole(text: string, isChanged: boolean): Part[] {
  return [{ text, isChanged }];
}

export function Difference({ expected, observed }: { expected: string; observed: string }) {
  const pairs = useMemo(() => pairsOfLines(expected, observed), [expected, observed]);
  if (!pairs) {
    return (
      <div class="sides">
        <LongText text={expected} label="Expected" />
        <LongText text={observed} label="Observed" />
      </div>
    );
  }
  return (
    <table class="difference" aria-label="Expected and observed">
      <thead>
        <tr>
          <th scope="col">expected</th>
          <th scope="col">observed</th>
        </tr>
      </thead>
      <tbody>
        {pairs.map((pair, index) => (
          <tr key={index}>
            <Side parts={pair.expected} sign="−" />
            <Side parts={pair.observed} sign="+" />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Side({ parts, sign }: { parts: Part[] | null; sign: string }) {
  if (!parts) return <td class="absent" />;
  const isChanged = parts.some((part) => part.isChanged);
  return (
    <td class={isChanged ? `changed ${sign === "+" ? "added" : "removed"}` : ""}>
      <span class="sign" aria-hidden="true">
        {isChanged ? sign : " "}
      </span>
      {parts.map(({ text, isChanged: marked }, index) =>
        marked ? (
          <mark key={index}>
            <Visible text={text} />
          </mark>
        ) : (
          <Visible key={index} text={text} />
        ),
      )}
    </td>
  );
}
