// source: iot-sql-reference and its pages

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededEntropy } from '../../local-cloud/src/core/entropy.ts';
import { evaluateRule, prepareRule } from '../../local-cloud/src/rules/index.ts';
import { checkVector, type RuleVector, readVectors, trialOf } from '../../local-cloud/src/rules/rule-vectors.ts';

const directory = join(process.cwd(), 'local-cloud/vectors');
const files = readdirSync(directory).filter((name) => name.endsWith('.json'));
const vectorsOf = (name: string): RuleVector[] => readVectors(readFileSync(join(directory, name), 'utf8'));

const circumstances = (): { now: number; entropy: ReturnType<typeof seededEntropy> } => ({
  now: 0,
  entropy: seededEntropy('vectors'),
});

// source: iot-sql-reference
test('at least 300 published vectors of the SQL reference name their page', () => {
  const counted = files.flatMap(vectorsOf).filter(({ assumed }) => assumed !== true);
  expect(counted.length).toBeGreaterThanOrEqual(300);
  for (const { source } of counted) expect(source).toMatch(/^(iot-|binary-payloads|mqtt)/);
});

type Case = readonly [title: string, vector: RuleVector, index: number];

const casesOf = (name: string): Case[] =>
  vectorsOf(name).map((vector, index) => [`${vector.sql} [${vector.sqlVersion}]`, vector, index]);

function check(vector: RuleVector, index: number): void {
  expect(checkVector(vector, index, circumstances())).toBeUndefined();
  if (!vector.expect.match) return;
  // the text that actions without need for the output itself are given
  const trial = trialOf(vector, circumstances());
  const text = prepareRule({
    sql: vector.sql,
    sqlVersion: vector.sqlVersion ?? '2015-10-08',
    accountId: trial.accountId ?? '123456789012',
    entropy: seededEntropy('vectors'),
  })({ ...trial, topic: vector.topic.replace(/^\$aws\/rules\/[^/]+\//, ''), timestamp: trial.now });
  expect(text).toBe(evaluateRule(trialOf(vector, circumstances())).outputBytes?.toString());
}

// source: each vector names its page of the AWS IoT developer guide
describe.each(files)('%s', (name) => {
  test.each(casesOf(name).filter(([, { assumed }]) => assumed !== true))('%s', (_title, vector, index) =>
    check(vector, index),
  );
});

// assumed: the edition of iot-sql-functions at hand lacks these functions; a null or missing value gives the default
test.each(files.flatMap(casesOf).filter(([, { assumed }]) => assumed === true))('%s', (_title, vector, index) =>
  check(vector, index),
);
