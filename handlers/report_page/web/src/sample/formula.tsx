// The formula of a reward, with the numbers of a sample: weights times dimensions.

import { DIMENSIONS, type Run } from "../data";
import { Visible } from "../parts/texts";
import { decimal, short } from "../text";

const SMALLEST_DIFFERENCE = 1e-6;

interface Properties {
  run: Run;
  sample: number;
  weights: ReadonlyMap<string, number>;
  lines: string[];
}

export function Formula({ run, sample, weights, lines }: Properties) {
  const value = (name: string) => run.values(name)[sample]!;
  const isGraded = run.isGraded(sample);
  const gets = Number.isNaN(value("reward")) ? "has no reward" : `gets ${decimal(value("reward"))}, which the rubric sets`;
  const terms = DIMENSIONS.filter((name) => !Number.isNaN(value(name)) || weights.has(name)).map((name) => {
    const weight = weights.get(name) ?? 0;
    return { name, weight, value: value(name), product: weight > 0 ? weight * value(name) : NaN };
  });
  const paid = terms.filter(({ weight }) => weight > 0);
  const sum = paid.reduce((total, { product }) => total + (Number.isNaN(product) ? 0 : product), 0);
  const isSum = Math.abs(sum - value("reward")) < SMALLEST_DIFFERENCE;
  return (
    <section aria-label="Formula">
      <h3>How the reward came about</h3>
      {!isGraded && <p class="hint">An ungraded sample {gets}.</p>}
      {isGraded && paid.length > 0 && (
        <table class="plain formula" aria-label="Weights and dimensions">
          <thead>
            <tr>
              <th scope="col">dimension</th>
              <th scope="col" class="number">weight</th>
              <th scope="col" class="number">value</th>
              <th scope="col" class="number">product</th>
            </tr>
          </thead>
          <tbody>
            {terms.map(({ name, weight, value: measured, product }) => (
              <tr key={name} class={weight > 0 ? "" : "unpaid"}>
                <th scope="row">{name}</th>
                <td class="number">{weight > 0 ? `${short(weight)} ×` : "–"}</td>
                <td class="number">{decimal(measured)}</td>
                <td class="number">{weight > 0 ? decimal(product) : ""}</td>
              </tr>
            ))}
            {!isSum && (
              <tr class="sum">
                <th scope="row">sum of the products</th>
                <td />
                <td />
                <td class="number">{decimal(sum)}</td>
              </tr>
            )}
            <tr class="sum">
              <th scope="row">reward</th>
              <td />
              <td />
              <td class="number">{decimal(value("reward"))}</td>
            </tr>
          </tbody>
        </table>
      )}
      {lines.length > 0 && (
        <pre class="text" aria-label="Formula in words" tabIndex={0}>
          <Visible text={lines.join("\n").slice(0, 4000)} />
        </pre>
      )}
    </section>
  );
}
