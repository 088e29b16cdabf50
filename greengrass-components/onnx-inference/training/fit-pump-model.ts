import { createRandomSource } from '../../simulated-plant/src/random-source.ts';
import { type Perceptron, predict, type TrainingOptions, trainPerceptron } from './multilayer-perceptron.ts';
import { type PumpHistory, playRun } from './plant-runs.ts';
import { MEAN_VIBRATION } from './pump-model.ts';
import { type AlarmRule, bestAlarmRule, bestThreshold, type ScoredHistory } from './score-predictions.ts';

/** How much is played and learned. Of no run are windows in two of the parts. */
export interface FitOptions extends Omit<TrainingOptions, 'random'> {
  readonly trainSeeds: readonly number[];
  readonly validationSeeds: readonly number[];
  readonly seed: number;
  /** ms between windows that are learned from */
  readonly step: number;
}

export const FULL_FIT: FitOptions = {
  trainSeeds: seedsFrom(1, 60),
  validationSeeds: seedsFrom(1_001, 20),
  seed: 20_260,
  step: 180_000,
  hidden: [16, 8],
  epochs: 40,
  batch: 64,
  rate: 0.003,
  decay: 1e-4,
};
/** Runs that nothing has been learned from, nor chosen by. */
export const TEST_SEEDS = seedsFrom(2_001, 40);
/** ms between windows, as the component takes them */
export const TEST_STEP = 60_000;

export interface Scaling {
  readonly offset: number;
  readonly scale: number;
}

/** From where a score means something. */
export interface Limits {
  /** Where F1 over windows is best. */
  readonly window: number;
  readonly alarm: AlarmRule;
}

export interface FittedModel {
  /** With weights that are float32, as the model runs. */
  readonly layers: Perceptron;
  readonly scaling: readonly Scaling[];
  /** Chosen by the runs of validation, as all of the limits are. */
  readonly limits: Limits;
  /** Of mean vibration, mm/s: what a model has to beat. */
  readonly vibrationLimits: Limits;
  readonly validation: readonly PumpHistory[];
}

export function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => first + at);
}

/** Deterministic: the same options, the same model. @param play plays a run by its seed, with windows every `step` ms */
export function fitPumpModel(options: FitOptions, play: typeof playRun = playRun): FittedModel {
  const train = options.trainSeeds.flatMap((seed) => play(seed, options.step));
  const validation = options.validationSeeds.flatMap((seed) => play(seed, TEST_STEP));
  const scaling = scalingOf(train);
  const examples = (histories: readonly PumpHistory[]) => {
    const windows = histories.flatMap((history) => history.windows);
    return {
      rows: windows.map(({ features }) => scaledRow(features, scaling)),
      labels: windows.map(({ label }) => label),
    };
  };
  const random = createRandomSource(options.seed).even;
  const trained = trainPerceptron(examples(train), examples(validation), { ...options, random });
  const layers = trained.map(({ biases, inputs, units, weights }) => ({
    inputs,
    units,
    weights: weights.map(Math.fround),
    biases: biases.map(Math.fround),
  }));
  const scored = scoredBy(validation, layers, scaling);
  const shaken = scoredByVibration(validation);
  return {
    layers,
    scaling,
    validation,
    limits: {
      window: bestThreshold(scored),
      alarm: bestAlarmRule(scored, steps(0.5, 0.95, 0.05), (above) => rounded(above / 4)),
    },
    vibrationLimits: {
      window: bestThreshold(shaken),
      alarm: bestAlarmRule(shaken, steps(1.6, 3.4, 0.1), (above) => rounded(above * 0.9)),
    },
  };
}

function steps(first: number, last: number, width: number): number[] {
  return Array.from({ length: Math.round((last - first) / width) + 1 }, (_, at) => rounded(first + at * width));
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}

export function scoredBy(
  histories: readonly PumpHistory[],
  layers: Perceptron,
  scaling: readonly Scaling[],
): ScoredHistory[] {
  return histories.map((history) => ({
    history,
    scores: history.windows.map(({ features }) => predict(layers, scaledRow(features, scaling))),
  }));
}

export function scoredByVibration(histories: readonly PumpHistory[]): ScoredHistory[] {
  return histories.map((history) => ({
    history,
    scores: history.windows.map(({ features }) => features[MEAN_VIBRATION] as number),
  }));
}

export function scaledRow(features: readonly number[], scaling: readonly Scaling[]): number[] {
  return features.map((value, at) => {
    const { offset, scale } = scaling[at] as Scaling;
    return (value - offset) / scale;
  });
}

/** Mean and standard deviation over the windows of pumps that run; six digits are enough. */
function scalingOf(histories: readonly PumpHistory[]): Scaling[] {
  const rows = histories.flatMap(({ windows }) => windows.map(({ features }) => features));
  return (rows[0] ?? []).map((_, column) => {
    const values = rows.map((row) => row[column] as number);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return { offset: Number(mean.toPrecision(6)), scale: Number(Math.max(1e-6, Math.sqrt(variance)).toPrecision(6)) };
  });
}
