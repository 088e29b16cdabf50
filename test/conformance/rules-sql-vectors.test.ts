import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededEntropy } from '../../local-cloud/src/core/entropy.ts';
import { evaluateRule, prepareRule, type SqlVersion } from '../../local-cloud/src/rules/index.ts';

/** JSON, or bytes that are none. */
type Content = { $base64: string } | { $text: string } | unknown;

interface Vector {
  sql: string;
  sqlVersion: SqlVersion;
  topic: string;
  clientId?: string;
  principal?: string;
  traceId?: string;
  now?: number;
  payload: Content;
  expect: { match: boolean; output?: Content };
  /** Page of the AWS IoT developer guide that gives the expected value. */
  source: string;
}

const directory = join(process.cwd(), 'local-cloud/src/rules/vectors');
const files = readdirSync(directory).filter((name) => name.endsWith('.json'));

function bytesOf(content: Content): Buffer | undefined {
  if (typeof content !== 'object' || content === null) return undefined;
  if ('$base64' in content) return Buffer.from(content.$base64 as string, 'base64');
  if ('$text' in content) return Buffer.from(content.$text as string);
  return undefined;
}

test('there are vectors for every page of the SQL reference', () => {
  const vectors = files.flatMap((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as Vector[]);
  expect(vectors.length).toBeGreaterThanOrEqual(150);
  expect(vectors.every(({ source }) => /^(iot-|binary-payloads|mqtt)/.test(source))).toBe(true);
});

describe.each(files)('%s', (name) => {
  const vectors = JSON.parse(readFileSync(join(directory, name), 'utf8')) as Vector[];

  test.each(vectors.map((vector) => [`${vector.sql} [${vector.sqlVersion}]`, vector] as const))(
    '%s',
    (_title, vector) => {
      const entropy = seededEntropy('vectors');
      const payload = bytesOf(vector.payload) ?? Buffer.from(JSON.stringify(vector.payload));
      const { sql, sqlVersion, topic, clientId, principal, traceId, now = 0 } = vector;
      const given = {
        ...(clientId === undefined ? {} : { clientId }),
        ...(principal === undefined ? {} : { principal }),
        ...(traceId === undefined ? {} : { traceId }),
      };
      const accountId = '123456789012';
      const result = evaluateRule({ sql, sqlVersion, topic, payload, now, entropy, accountId, ...given });
      expect(result.match).toBe(vector.expect.match);
      if (!vector.expect.match) return;
      // the text that actions without need for the output itself are given
      const text = prepareRule({ sql, sqlVersion, accountId, entropy })({
        topic: topic.replace(/^\$aws\/rules\/[^/]+\//, ''),
        payload,
        timestamp: now,
        ...given,
      });
      expect(text).toBe(result.outputBytes?.toString());
      const exact = bytesOf(vector.expect.output);
      if (exact === undefined) expect(JSON.parse(String(result.outputBytes))).toEqual(vector.expect.output);
      else expect(result.outputBytes?.toString('latin1')).toBe(exact.toString('latin1'));
    },
  );
});
