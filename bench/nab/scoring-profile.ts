/** Weights of a true positive, a false positive and a missed window. */
export interface ScoringProfile {
  readonly name: string;
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
}

export const STANDARD: ScoringProfile = {
  name: 'standard',
  truePositive: 1,
  falsePositive: 0.11,
  falseNegative: 1,
};

/** The application profiles of NAB (numenta/NAB `config/profiles.json`; paper, section "Application profiles"). */
export const PROFILES: readonly ScoringProfile[] = [
  STANDARD,
  { name: 'reward low FP', truePositive: 1, falsePositive: 0.22, falseNegative: 1 },
  { name: 'reward low FN', truePositive: 1, falsePositive: 0.11, falseNegative: 2 },
];
