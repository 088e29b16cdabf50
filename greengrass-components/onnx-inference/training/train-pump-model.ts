import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MODEL_MANIFEST_FILE, MODEL_SIGNATURES_FILE, type ModelKey } from '@fleetwright/contracts';
import { buildPumpModel } from './build-pump-model.ts';
import { FULL_FIT, fitPumpModel, scoredBy, scoredByVibration, TEST_SEEDS, TEST_STEP } from './fit-pump-model.ts';
import { playRun } from './plant-runs.ts';
import { PUMP_MODEL_ISSUED_AT, PUMP_MODEL_VERSION } from './pump-model.ts';
import { reportOf } from './report-scores.ts';
import { manifestBytes, signManifest } from './sign-model.ts';

const HERE = dirname(fileURLToPath(import.meta.url));
const MODEL_DIRECTORY = join(HERE, '../../pump-model');
const RECIPE = join(HERE, '../recipe.yaml');
const USAGE = `npm run train:pump-model -- [--check] [--key FILE] [--version X.Y.Z]

  --check    trains, writes nothing, and fails when the committed model is another one
  --key      private key (PEM: Ed25519 or ECDSA P-256) to sign with; its public key must be in the configuration of
             the component. Without it a new key is made, its public half written into the component's recipe, and the
             private one forgotten.
  --version  of the model, in place of ${PUMP_MODEL_VERSION}
`;

/** @returns the exit code */
export function trainPumpModel(argv: readonly string[], print: (line: string) => void): number {
  const { values: options } = parseArgs({
    args: [...argv],
    options: {
      check: { type: 'boolean', default: false },
      key: { type: 'string' },
      version: { type: 'string', default: PUMP_MODEL_VERSION },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (options.help) {
    print(USAGE);
    return 0;
  }
  print(`training on ${FULL_FIT.trainSeeds.length} runs, choosing by ${FULL_FIT.validationSeeds.length} …`);
  const fitted = fitPumpModel(FULL_FIT);
  const { bytes, manifest } = buildPumpModel(fitted, options.version, PUMP_MODEL_ISSUED_AT);
  print(`scoring on ${TEST_SEEDS.length} other runs …`);
  const test = TEST_SEEDS.flatMap((seed) => playRun(seed, TEST_STEP));
  print(reportOf('model', scoredBy(test, fitted.layers, fitted.scaling), fitted.limits));
  print(reportOf('mean vibration', scoredByVibration(test), fitted.vibrationLimits));

  const papers = manifestBytes(manifest);
  const modelFile = join(MODEL_DIRECTORY, manifest.file.name);
  const manifestFile = join(MODEL_DIRECTORY, MODEL_MANIFEST_FILE);
  const same = isContent(modelFile, bytes) && isContent(manifestFile, papers);
  if (options.check) {
    print(same ? 'the committed model is this one' : 'the committed model is ANOTHER one');
    return same ? 0 : 1;
  }
  if (same && options.key === undefined) {
    print('nothing has changed: model, manifest and signature stay');
    return 0;
  }
  const { key, keyId, signatures } = signManifest(papers, options.key === undefined ? newKey() : readKey(options.key));
  writeFileSync(modelFile, bytes);
  writeFileSync(manifestFile, papers);
  writeFileSync(join(MODEL_DIRECTORY, MODEL_SIGNATURES_FILE), `${JSON.stringify(signatures, undefined, 2)}\n`);
  if (options.key === undefined) writeFileSync(RECIPE, withDevelopmentKey(readFileSync(RECIPE, 'utf8'), keyId, key));
  print(`wrote ${manifest.name} ${manifest.version}, ${bytes.length} bytes, signed by ${keyId}`);
  return 0;
}

function isContent(file: string, bytes: Uint8Array): boolean {
  return existsSync(file) && readFileSync(file).equals(bytes);
}

function newKey(): KeyObject {
  return generateKeyPairSync('ed25519').privateKey;
}

function readKey(file: string): KeyObject {
  return createPrivateKey(readFileSync(file));
}

/** Puts the key between the two marks of the recipe. */
function withDevelopmentKey(recipe: string, keyId: string, { algorithm, publicKeyPem }: ModelKey): string {
  const found = /^( *)# development key: begin\n[\s\S]*?^ *# development key: end$/m.exec(recipe);
  if (found === null) throw new Error('the recipe has no marks for the development key');
  const lines = [
    '# development key: begin',
    `"${keyId}":`,
    `  algorithm: ${algorithm}`,
    '  publicKeyPem: |',
    ...publicKeyPem
      .trimEnd()
      .split('\n')
      .map((line) => `    ${line}`),
    '# development key: end',
  ];
  return recipe.replace(found[0], lines.map((line) => `${found[1]}${line}`).join('\n'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = trainPumpModel(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`));
}
