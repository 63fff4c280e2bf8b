// Everything about one sample, beside the view from which it was opened.

import { diffLines } from "diff";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { labelOf, readWeights, type Detail, type Meta } from "../data";
import { FLAGS, type Index } from "../select";
import { update, withSet, NO_FILTER } from "../state";
import { Boundary } from "../parts/boundary";
import { Line, LongText, Visible } from "../parts/texts";
import { Verdict } from "../parts/verdict";
import { count, counted, dateOf, decimal, duration, plain, signed, textOf, textsOf, words } from "../text";
import { Cases, Part } from "./cases";
import { Formula } from "./formula";
import { Program } from "./program";

interface Properties {
  meta: Meta;
  index: Index;
  sample: number;
  position: string; // "3 of 120"
  onMove: (step: number) => void;
  onClose: () => void;
}

const ID_CHARACTERS = 400;
const NEIGHBOURS_SHOWN = 64;

type Loaded = { detail: Detail | null; problem: string } | null;

export function SamplePanel(properties: Properties) {
  const { meta, index, sample, position, onMove, onClose } = properties;
  const { run } = index;
  const loaded = useDetails(index, sample);
  const heading = useRef<HTMLHeadingElement>(null);
  const body = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    heading.current?.focus({ preventScroll: true });
    body.current?.scrollTo({ top: 0 });
  }, [index, sample]);
  const id = run.idTexts[sample] ?? "";
  return (
    <div class="sample" role="dialog" aria-label={`Sample ${plain(id, 60)}`}>
      <header>
        <h2 ref={heading} tabIndex={-1}>
          <bdi class="line" title={plain(id, ID_CHARACTERS)}>
            {plain(id, ID_CHARACTERS) || "(no id)"}
          </bdi>
        </h2>
        <div class="tools">
          <span class="hint">{position}</span>
          <button aria-label="Previous sample" title="Previous (k)" onClick={() => onMove(-1)}>
            ↑
          </button>
          <button aria-label="Next sample" title="Next (j)" onClick={() => onMove(1)}>
            ↓
          </button>
          <button aria-label="Close" title="Close (Esc)" onClick={onClose}>
            ✕
          </button>
        </div>
      </header>
      <div class="content" ref={body}>
        <Boundary key={`${run.number} ${sample}`}>
          <Head {...properties} />
          <Pair index={index} sample={sample} />
          <Neighbours meta={meta} index={index} sample={sample} />
          {loaded === null && <p class="hint">Unpacking …</p>}
          {loaded?.problem && <p class="hint">The details cannot be read: {loaded.problem}</p>}
          {loaded && !loaded.problem && !loaded.detail && (
            <>
              <Formula run={run} sample={sample} weights={meta.weights} lines={[]} />
              <p class="hint">This report has no details of this sample. `verifier score --details` keeps them.</p>
            </>
          )}
          {loaded?.detail && <Details key={`${run.number} ${sample}`} {...properties} detail={loaded.detail} />}
        </Boundary>
      </div>
    </div>
  );
}

function useDetails(index: Index, sample: number): Loaded {
  const [loaded, setLoaded] = useState<{ index: Index; sample: number; value: Loaded } | null>(null);
  useEffect(() => {
    let isCurrent = true;
    const keep = (value: Loaded) => isCurrent && setLoaded({ index, sample, value });
    index.run.details(sample).then(
      (detail) => keep({ detail, problem: "" }),
      (error: unknown) => keep({ detail: null, problem: String(error) }),
    );
    return () => void (isCurrent = false);
  }, [index, sample]);
  return loaded?.index === index && loaded.sample === sample ? loaded.value : null;
}

function Head({ meta, index, sample }: Properties) {
  const { run } = index;
  const value = (name: string) => run.values(name)[sample]!;
  const group = run.indexOf("group")[sample]!;
  const statistics = index.groupOf.get(group);
  const facts: [string, string][] = [
    ["reward", decimal(value("reward"))],
    ["tests", value("tests_total") > 0 ? `${value("tests_passed")} of ${value("tests_total")}` : ""],
    ["guess baseline", Number.isNaN(value("guess_baseline")) ? "" : decimal(value("guess_baseline"))],
    ["time", Number.isNaN(value("duration_ms")) ? "" : duration(value("duration_ms"))],
    ["completion", Number.isNaN(value("completion_length")) ? "" : counted(value("completion_length"), "character")],
    ["source", meta.sources[run.indexOf("source")[sample]!] ?? ""],
    ["program", meta.roles[run.indexOf("role")[sample]!] ?? ""],
    ["step", Number.isNaN(value("step")) ? "" : String(value("step"))],
    ["at", Number.isNaN(value("time")) ? "" : dateOf(value("time"))],
    ["mean of the prompt", statistics ? decimal(statistics.mean) : ""],
  ];
  const flags = Object.keys(FLAGS).filter((flag) => value(flag) > 0);
  return (
    <>
      <div class="headline">
        <Verdict verdict={run.verdict(sample)} />
        {flags.map((flag) => (
          <span key={flag} class="flag">
            {FLAGS[flag]}
          </span>
        ))}
      </div>
      <dl class="facts">
        {facts.filter(([, text]) => text).map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Line text={text} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

// The same sample in the other run.
function Pair({ index, sample }: { index: Index; sample: number }) {
  const pair = index.partner(sample);
  const other = index.other;
  const isFirst = index.run.number === 0;
  const both = useMemo(() => (other && pair >= 0 ? Promise.all([index.run.details(sample), other.details(pair)]) : null), [index, sample]);
  const [programs, setPrograms] = useState<[string, string] | null>(null);
  useEffect(() => {
    let isCurrent = true;
    setPrograms(null);
    both?.then(([mine, others]) => isCurrent && setPrograms([textOf(others?.program), textOf(mine?.program)])).catch(() => undefined);
    return () => void (isCurrent = false);
  }, [both]);
  if (!other || pair < 0) return null;
  return (
    <section class="pair" aria-label="The other run">
      <h3>In run {isFirst ? "B" : "A"}</h3>
      <p class="headline">
        <Verdict verdict={other.verdict(pair)} />
        <span class="number">{decimal(other.values("reward")[pair]!)}</span>
        <span class="hint">B − A: {signed(index.changes()[sample]!)}</span>
        <button class="more" onClick={() => update({ run: isFirst ? 1 : 0, open: pair, filter: NO_FILTER })}>
          Open it
        </button>
      </p>
      {programs && programs[0] !== programs[1] && (
        <details>
          <summary>Differences of the programs (− run {isFirst ? "B" : "A"}, + this run)</summary>
          <ProgramDifference before={programs[0]} after={programs[1]} />
        </details>
      )}
      {programs && programs[0] === programs[1] && programs[0] !== "" && <p class="hint">The programs are equal.</p>}
    </section>
  );
}

function ProgramDifference({ before, after }: { before: string; after: string }) {
  const changes = useMemo(() => diffLines(before.slice(0, 20_000), after.slice(0, 20_000), { maxEditLength: 4000 }), [before, after]);
  if (!changes) return <p class="hint">The programs are too different to compare.</p>;
  return (
    <pre class="text unified">
      {changes.flatMap(({ value, added, removed }, index) =>
        value.replace(/\n$/, "").split("\n").map((line, position) => (
          <div key={`${index} ${position}`} class={added ? "added" : removed ? "removed" : ""}>
            {added ? "+ " : removed ? "− " : "  "}
            <Visible text={line.slice(0, 500)} />
          </div>
        )),
      )}
    </pre>
  );
}

function Neighbours({ meta, index, sample }: { meta: Meta; index: Index; sample: number }) {
  const { run } = index;
  const group = run.indexOf("group")[sample]!;
  const statistics = index.groupOf.get(group);
  if (!statistics || statistics.samples.length < 2) return null;
  const [rewards, steps] = [run.values("reward"), run.values("step")];
  // Of a prompt that came in several steps, a trainer compares the samples of one step.
  const inStep = statistics.samples.filter((other) => steps[other] === steps[sample]);
  const samples = inStep.length >= 2 ? inStep : statistics.samples;
  const isPart = samples.length < statistics.samples.length;
  return (
    <section aria-label="Samples of this prompt">
      <h3>
        {counted(samples.length, "sample")} of this prompt{isPart && ` in step ${steps[sample]}`}{" "}
        <button class="more" onClick={() => update({ view: "samples", filter: withSet(NO_FILTER, "group", [String(group)]) })}>
          Show {isPart ? `all ${count(statistics.samples.length)}` : "them"} in the table
        </button>
      </h3>
      <p class="hint">
        <Line text={labelOf(meta, group)} />
      </p>
      <ul class="neighbours">
        {samples.slice(0, NEIGHBOURS_SHOWN).map((other) => (
          <li key={other}>
            <button aria-current={other === sample} title={plain(run.idTexts[other] ?? "")} onClick={() => update({ open: other }, { push: false })}>
              <Verdict verdict={run.verdict(other)} only />
              <span class="number">{decimal(rewards[other]!)}</span>
            </button>
          </li>
        ))}
      </ul>
      {samples.length > NEIGHBOURS_SHOWN && <p class="hint">The first {NEIGHBOURS_SHOWN} are shown.</p>}
    </section>
  );
}

function Details({ meta, index, sample, detail }: Properties & { detail: Detail }) {
  const weights = readWeights(detail.weights);
  const findings = textsOf(detail.findings);
  const lists: [string, string[]][] = [
    ["Findings in the program's text", findings],
    ["Format issues", textsOf(detail.format_issues).map(words)],
    ["Notes", textsOf(detail.notes)],
  ];
  const problem = textOf(detail.problem) || textOf(detail.remark);
  const program = textOf(detail.program);
  const cases = Array.isArray(detail.cases) ? detail.cases : [];
  const total = typeof detail.tests_total === "number" ? detail.tests_total : cases.length;
  return (
    <>
      {problem && <Part title={textOf(detail.problem) ? "Problem" : "Remark"} text={problem} />}
      <Formula run={index.run} sample={sample} weights={weights.size > 0 ? weights : meta.weights} lines={textsOf(detail.formula)} />
      {lists.filter(([, texts]) => texts.length > 0).map(([title, texts]) => (
        <section key={title} aria-label={title}>
          <h3>{title}</h3>
          <ul class="list">
            {texts.slice(0, 100).map((text, position) => (
              <li key={position}>
                <Visible text={text.slice(0, 1000)} />
              </li>
            ))}
          </ul>
        </section>
      ))}
      {cases.length > 0 && <Cases cases={cases} total={total} />}
      {program && (
        <section aria-label="The program">
          <h3>
            Program <span class="hint">{programHint(detail, program)}</span>
          </h3>
          <Program program={program} marked={linesIn(findings)} />
        </section>
      )}
      {(["prelude", "prompt", "completion"] as const)
        .filter((name) => textOf(detail[name]))
        .map((name) => (
          <details key={name} class="fold">
            <summary>{{ prelude: "Prelude", prompt: "Prompt", completion: "Completion" }[name]}</summary>
            <LongText text={textOf(detail[name])} label={name} />
          </details>
        ))}
    </>
  );
}

function programHint(detail: Detail, program: string): string {
  const size = detail.program_bytes;
  const whole = new Blob([program]).size;
  const parts = [
    words(textOf(detail.extraction_method)),
    textOf(detail.extraction_detail),
    typeof size === "number" && size > whole ? `the beginning, of ${counted(size, "byte")}` : "",
  ];
  return plain(parts.filter(Boolean).join(", "));
}

// Return the lines that findings name: "line 3: …".
function linesIn(findings: string[]): Set<number> {
  return new Set(findings.flatMap((finding) => /^line (\d{1,6}):/.exec(finding)?.[1] ?? []).map(Number));
}
