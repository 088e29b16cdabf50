import type { ModelManifest } from '@fleetwright/contracts';
import { sha256 } from '../src/verify-model.ts';
import { type FittedModel, scaledRow } from './fit-pump-model.ts';
import { perceptronToOnnx, predict } from './multilayer-perceptron.ts';
import { PUMP_FEATURES, PUMP_INPUTS, PUMP_MODEL_NAME, PUMP_WINDOW } from './pump-model.ts';

const [INPUT, OUTPUT] = ['features', 'probabilities'];
const TEST_PROBABILITIES = [0, 0.1, 0.25, 0.4, 0.6, 0.75, 0.9, 1];
/** Float32 against float64 of the same weights. */
const TOLERANCE = 1e-4;

/** The files of a fitted model, without the signature. @param issuedAt ms since the epoch */
export function buildPumpModel(
  fitted: FittedModel,
  version: string,
  issuedAt: number,
): { manifest: ModelManifest; bytes: Buffer } {
  const { layers, scaling } = fitted;
  const bytes = perceptronToOnnx(layers, INPUT, OUTPUT);
  const manifest: ModelManifest = {
    format: 1,
    name: PUMP_MODEL_NAME,
    version,
    description: 'Whether the bearing of a pump fails within four hours, from ten minutes of its measurements',
    issuedAt,
    file: { name: `${PUMP_MODEL_NAME}.onnx`, size: bytes.length, sha256: sha256(bytes) },
    window: PUMP_WINDOW,
    inputs: PUMP_INPUTS,
    features: PUMP_FEATURES.map((feature, at) => ({ ...feature, ...(scaling[at] as (typeof scaling)[number]) })),
    tensors: { input: INPUT, output: OUTPUT, batch: true },
    outputs: [
      {
        name: 'bearing_failure',
        meaning: 'Probability that the bearing is past use within four hours, 0 to 1',
        alarm: fitted.limits.alarm,
      },
    ],
    test: { tolerance: TOLERANCE, vectors: testVectors(fitted) },
  };
  return { manifest, bytes };
}

/** Of the windows of the validation runs, for each of some probabilities the one nearest to it. */
function testVectors({ layers, scaling, validation }: FittedModel): ModelManifest['test']['vectors'] {
  const known = validation
    .flatMap(({ windows }) => windows)
    .map(({ features }) => {
      const rounded = features.map((value) => Number(value.toPrecision(9)));
      return { features: rounded, probability: predict(layers, scaledRow(rounded, scaling)) };
    });
  return TEST_PROBABILITIES.map((wanted) => {
    const { features, probability } = known.reduce((nearest, one) =>
      Math.abs(one.probability - wanted) < Math.abs(nearest.probability - wanted) ? one : nearest,
    );
    return { features, outputs: [Number(probability.toPrecision(9))] };
  });
}
