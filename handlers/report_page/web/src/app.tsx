// The frame of the page: head, views, filter, keyboard, and the sample that is open.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Report } from "./data";
import { Boundary } from "./parts/boundary";
import { FilterBar } from "./parts/filter_bar";
import { Help } from "./parts/help";
import { Line } from "./parts/texts";
import { SamplePanel } from "./sample/sample_panel";
import { indexesOf, MOVED_MOST } from "./select";
import { update, useReportState, VIEWS, type State, type View } from "./state";
import { sectionsOf } from "./statistics/findings";
import { axisOf } from "./statistics/trends";
import { count } from "./text";
import { toggleTheme } from "./theme";
import { Compare } from "./views/compare";
import { Overview } from "./views/overview";
import { Prompts } from "./views/prompts";
import { Samples } from "./views/samples";
import { Trends } from "./views/trends";

const TITLES: Record<View, string> = { overview: "Overview", samples: "Samples", prompts: "Prompts", trends: "Trends", compare: "Compare" };

export function App({ report }: { report: Report }) {
  const { meta } = report;
  const state = useReportState();
  const indexes = useMemo(() => indexesOf(report), [report]);
  const index = indexes[state.run] ?? indexes[0]!;
  const { run } = index;
  const [isHelping, setHelping] = useState(false);
  const [active, setActive] = useState(-1);
  const selection = useMemo(() => index.select(state.filter), [index, state.filter]);
  const sections = useMemo(() => sectionsOf(meta, index), [index]);
  const open = state.open !== null && state.open < run.size ? state.open : null;
  const views = VIEWS.filter((view) => (view !== "trends" || axisOf(run)) && (view !== "compare" || index.pairs) && (view !== "prompts" || index.groups.length > 0));
  const view = views.includes(state.view) ? state.view : "overview";
  const order = state.sort ?? (view === "compare" ? MOVED_MOST : null);
  const rows = useMemo(() => index.sorted(selection, order), [index, selection, order]);
  const position = open === null ? -1 : rows.indexOf(open);

  // What had the focus before the sample took it. A row of a table has none: its table gets it back.
  const opener = useRef<HTMLElement | null>(null);
  useMemo(() => {
    if (open !== null) opener.current = document.activeElement?.closest<HTMLElement>("main button") ?? null;
  }, [open === null]);

  useLayoutEffect(() => setActive(-1), [selection, view]);
  useEffect(() => {
    document.title = meta.title ? `${meta.title.slice(0, 80)} – report` : "Report";
  }, [meta.title]);

  const moveTo = (next: number) => {
    const place = Math.min(rows.length - 1, Math.max(0, next));
    setActive(place);
    update({ open: rows[place] ?? null }, { push: false });
  };
  const close = () => {
    update({ open: null });
    (opener.current?.isConnected ? opener.current : document.querySelector<HTMLElement>('[role="grid"]'))?.focus();
  };
  useKeys({ state, views, active, position, moveTo, setActive, close, help: () => setHelping(true) });

  return (
    <>
      <a class="skip" href="#search" onClick={(event) => (event.preventDefault(), document.getElementById("search")?.focus())}>
        Skip to the filter
      </a>
      <header class="top">
        <div class="title">
          <h1>
            <Line text={meta.title || "Report"} />
          </h1>
          <p class="hint">
            <RunNames report={report} state={state} />
            {meta.versions}
          </p>
        </div>
        <div class="tools">
          <button aria-label="Dark or light" title="Dark or light (t)" onClick={toggleTheme}>
            ◐
          </button>
          <button aria-label="Help" title="Help (?)" onClick={() => setHelping(true)}>
            ?
          </button>
        </div>
      </header>
      {meta.notes.length > 0 && (
        <ul class="notes" aria-label="Notes">
          {meta.notes.slice(0, 20).map((note, place) => (
            <li key={place}>
              <bdi>
                <Line text={note} limit={600} />
              </bdi>
            </li>
          ))}
        </ul>
      )}
      <div class="sticky">
        <nav aria-label="Views">
          {views.map((name) => (
            <button key={name} aria-current={name === view ? "page" : undefined} onClick={() => update({ view: name, open: null })}>
              {TITLES[name]}
            </button>
          ))}
        </nav>
        <FilterBar meta={meta} index={index} state={state} selection={selection} />
      </div>
      <main aria-label={TITLES[view]}>
        <Boundary key={view}>
          {view === "overview" && <Overview meta={meta} index={index} state={state} selection={selection} sections={sections} />}
          {view === "samples" && <Samples meta={meta} index={index} rows={rows} sort={state.sort} active={active} onActive={setActive} />}
          {view === "prompts" && <Prompts meta={meta} index={index} state={state} selection={selection} active={active} onActive={setActive} />}
          {view === "trends" && <Trends meta={meta} index={index} state={state} selection={selection} />}
          {view === "compare" && <Compare meta={meta} indexes={indexes} index={index} state={state} selection={selection} rows={rows} active={active} onActive={setActive} />}
        </Boundary>
      </main>
      {open !== null && (
        <SamplePanel
          meta={meta}
          index={index}
          sample={open}
          position={position < 0 ? "not in the filter" : `${count(position + 1)} of ${count(rows.length)}`}
          onMove={(step) => moveTo(position + step)}
          onClose={close}
        />
      )}
      {isHelping && <Help versions={meta.versions} onClose={() => setHelping(false)} />}
    </>
  );
}

function RunNames({ report, state }: { report: Report; state: State }) {
  const [run, ...others] = report.runs;
  if (others.length === 0) return run!.name === report.meta.title ? null : <span class="run">{<Line text={run!.name} limit={80} />}</span>;
  return (
    <span class="runs" role="group" aria-label="Run">
      {report.runs.slice(0, 2).map((each, number) => (
        <button key={number} aria-pressed={state.run === number} onClick={() => update({ run: number, open: null })}>
          {["A, old", "B, new"][number]} <Line text={each.name} limit={60} />
        </button>
      ))}
    </span>
  );
}

interface Keys {
  state: State;
  views: readonly View[];
  active: number;
  position: number;
  moveTo: (position: number) => void;
  setActive: (position: number) => void;
  close: () => void;
  help: () => void;
}

// Handle the keys of the whole page. Fields and modified keys keep their own meaning.
function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useLayoutEffect(() => {
    const listener = (event: KeyboardEvent) => handle(event, latest.current);
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, []);
}

function handle(event: KeyboardEvent, { state, views, active, position, moveTo, setActive, close, help }: Keys): void {
  const target = event.target as HTMLElement;
  if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    if (target.id === "search") target.blur();
    else if (state.open !== null) close();
    return;
  }
  if (target.matches("input, select, textarea")) {
    if (target.id === "search" && event.key === "Enter") document.querySelector<HTMLElement>('[role="grid"]')?.focus();
    return;
  }
  const grid = document.querySelector<HTMLElement>('[role="grid"]');
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  if (step && state.open !== null && !(event.key.startsWith("Arrow") && target.closest(".sample pre, .sample .code"))) moveTo(position + step);
  else if (step && grid) {
    const size = Number(grid.getAttribute("aria-rowcount")) - 1;
    setActive(Math.min(size - 1, Math.max(0, active + step)));
    grid.focus({ preventScroll: true });
  } else if (event.key === "Enter" && state.open === null && target === grid) {
    grid.querySelector<HTMLElement>('[aria-selected="true"]')?.click();
  } else if (event.key === "/") document.getElementById("search")?.focus();
  else if (event.key === "?") help();
  else if (event.key === "t") toggleTheme();
  else if (/^[1-5]$/.test(event.key) && views.includes(VIEWS[Number(event.key) - 1]!)) update({ view: VIEWS[Number(event.key) - 1]!, open: null });
  else return;
  event.preventDefault();
}
