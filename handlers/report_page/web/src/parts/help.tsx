// A dialog with the keys, the terms and the licences.

import { useLayoutEffect, useRef } from "preact/hooks";
import { CODES, Verdict } from "./verdict";

const KEYS: [string, string][] = [
  ["/", "search"],
  ["j  k  ↓  ↑", "next and previous row or sample"],
  ["Enter", "open the row"],
  ["Esc", "close the sample, leave the search"],
  ["1 … 5", "overview, samples, prompts, trends, compare"],
  ["t", "dark or light"],
  ["?", "this help"],
];

const TERMS: [string, string][] = [
  ["not accepted", "it failed, and the row does not say how."],
  ["ungraded", "the reference is broken, or the verifier failed: the sample has no verdict."],
  ["graded", "has a reward that it earned. Means, prompts and pass@k count only graded samples."],
  ["all-equal prompt", "all rewards of its graded samples are equal (two samples or more). Trainers that compare the samples of a prompt learn nothing from it."],
  ["guess baseline", "the share of the test cases that the best constant answer passes. It is subtracted."],
  ["constant-like", "the program returns or prints a constant, or repeats its input."],
  ["pass@k", "the chance that at least one of k samples of a prompt is accepted: 1 − C(n − c, k) / C(n, k), averaged over the prompts with n ≥ k samples."],
  ["best of k", "the expected highest reward of k samples of a prompt."],
];

export function Help({ versions, onClose }: { versions: string; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="help" aria-label="Help" onClose={onClose} onClick={(event) => event.target === dialog.current && dialog.current?.close()}>
      <header>
        <h2>Help</h2>
        <button aria-label="Close" onClick={() => dialog.current?.close()}>
          ✕
        </button>
      </header>
      <div class="content">
        <h3>Keys</h3>
        <dl class="terms">
          {KEYS.map(([key, what]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <h3>Verdicts</h3>
        <ul class="verdicts">
          {Object.keys(CODES).map((verdict) => (
            <li key={verdict}>
              <Verdict verdict={verdict} />
            </li>
          ))}
        </ul>
        <h3>Terms</h3>
        <dl class="terms">
          {TERMS.map(([term, what]) => (
            <div key={term}>
              <dt>{term}</dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <p class="hint">
          The address of the page holds the filter and the open sample: a link to it shows the same. The page loads nothing from any network. It contains
          expected answers: do not show it to the model that you train. {versions}
        </p>
        <details class="fold">
          <summary>Licences of the software in this page</summary>
          <pre class="text">{document.getElementById("licences")?.textContent}</pre>
        </details>
      </div>
    </dialog>
  );
}
