import type { Sample } from '@fleetwright/contracts';
import type { SeriesSettings } from '../configuration.ts';
import type { Pane } from './pane.ts';

/** Measures of a window: `{series}_mean` and so on. What there is no value for is left out, and so are counts of what is rare when they are 0. */
export function summarize(series: string, pane: Pane, { percentiles, statistics }: SeriesSettings): Sample['values'] {
  const { moments } = pane;
  const values: Sample['values'] = {};
  for (const statistic of statistics) {
    if (statistic === 'count') values[`${series}_count`] = moments.count;
    else if (statistic === 'anomalies') values[`${series}_anomalies`] = pane.anomalies;
    else if (statistic === 'stddev') {
      if (moments.deviation !== undefined) values[`${series}_stddev`] = moments.deviation;
    } else if (moments.count > 0) values[`${series}_${statistic}`] = moments[statistic];
  }
  if (moments.count > 0) {
    const found = pane.percentiles(percentiles);
    for (const [index, percentile] of percentiles.entries()) {
      const value = found[index];
      if (value !== undefined) values[`${series}_p${String(percentile).replace('.', '_')}`] = value;
    }
  }
  if (pane.bad > 0) values[`${series}_bad`] = pane.bad;
  if (pane.uncertain > 0) values[`${series}_uncertain`] = pane.uncertain;
  return values;
}
