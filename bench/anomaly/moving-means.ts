interface Mean {
  value: number;
  deviation: number;
}

/** The least that may be called a detector: a moving mean and deviation for each series. The peer of the bench. */
export class MovingMeans {
  readonly #means = new Map<string, Mean>();
  /** Values farther from their mean than four deviations. */
  far = 0;

  take({ values }: { readonly values: readonly { readonly series: string; readonly value: number }[] }): void {
    for (const { series, value } of values) {
      const mean = this.#means.get(series);
      if (mean === undefined) {
        this.#means.set(series, { value, deviation: 0 });
        continue;
      }
      const distance = Math.abs(value - mean.value);
      if (distance > 4 * mean.deviation) this.far++;
      mean.value += (value - mean.value) / 100;
      mean.deviation += (distance - mean.deviation) / 100;
    }
  }
}
