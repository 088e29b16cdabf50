/** A detector of NAB's scoreboard, over the whole corpus of 58 files. */
export interface PublishedScore {
  readonly detector: string;
  /** Standard, reward low FP, reward low FN. */
  readonly scores: readonly [number, number, number];
}

/** Where the scores are from. */
export const PUBLISHED_IN = 'numenta/NAB, README.md, "Scoreboard" (NAB v1.1)';
export const PUBLISHED_FILES = 58;

/** Where a range over random seeds is given, its upper end. */
export const PUBLISHED: readonly PublishedScore[] = [
  { detector: 'ARTime', scores: [74.9, 65.1, 80.4] },
  { detector: 'Numenta HTM', scores: [70.5, 62.6, 75.2] },
  { detector: 'CAD OSE', scores: [69.9, 67.0, 73.2] },
  { detector: 'earthgecko Skyline', scores: [58.2, 46.2, 63.9] },
  { detector: 'KNN CAD', scores: [58.0, 43.4, 64.8] },
  { detector: 'Relative Entropy', scores: [54.6, 47.6, 58.8] },
  { detector: 'Random Cut Forest', scores: [51.7, 38.4, 59.7] },
  { detector: 'Twitter ADVec', scores: [47.1, 33.6, 53.5] },
  { detector: 'Windowed Gaussian', scores: [39.6, 20.9, 47.4] },
  { detector: 'Etsy Skyline', scores: [35.7, 27.1, 44.5] },
  { detector: 'Bayesian Changepoint', scores: [17.7, 3.2, 32.2] },
  { detector: 'EXPoSE', scores: [16.4, 3.2, 26.9] },
];
