import type { ModelManifest } from '@fleetwright/contracts';
import { sha256 } from '../src/verify-model.ts';
import { type FittedModel, scaledRow } from './fit-pump-model.ts';
import { perceptronToOnnx, predict } from './multilayer-perceptron.ts';
import { PUMP_FEATURES, PUMP_INPUTS, PUMP_MODEL_NAME, PUMP_WINDOW } from './pump-model.ts';

const [INPUT, OUTPUT] = ['features', 'probabilities'];
const TEST_VECTORS = 8;
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

/** Windows of the validation runs, from the least to the most sure. */
function testVectors({ layers, scaling, validation }: FittedModel): ModelManifest['test']['vectors'] {
  const known = validation
    .flatMap(({ windows }) => windows)
    .map(({ features }) => {
      const rounded = features.map((value) => Number(value.toPrecision(9)));
      return { features: rounded, outputs: [predict(layers, scaledRow(rounded, scaling))] };
    })
    .sort((left, right) => (left.outputs[0] as number) - (right.outputs[0] as number));
  return Array.from({ length: TEST_VECTORS }, (_, at) => {
    const vector = known[Math.round((at / (TEST_VECTORS - 1)) * (known.length - 1))] as (typeof known)[number];
    return { features: vector.features, outputs: vector.outputs.map((value) => Number(value.toPrecision(9))) };
  });
}
