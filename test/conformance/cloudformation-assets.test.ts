// source: aws-cdk, cloud-assembly-schema ("asset manifest"); CDK developer guide, "Assets": uploaded to the bootstrap bucket before the stacks are deployed
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GetBucketVersioningOutput, ListObjectVersionsOutput } from '@aws-sdk/client-s3';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { deployAssembly } from '../../local-cloud/src/template/deploy-assembly.ts';
import { ADMINISTRATOR, createTestCloud } from '../../local-cloud/src/testing/context.ts';

const BUCKET = 'cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}';
let cloud: ReturnType<typeof createTestCloud>;
let assembly: string;

function asset(path: string, packaging: 'file' | 'zip', objectKey: string): object {
  return { source: { path, packaging }, destinations: { here: { bucketName: BUCKET, objectKey } } };
}

function writeAssembly(files: Record<string, object>): void {
  const write = (name: string, value: object) => writeFileSync(join(assembly, name), JSON.stringify(value));
  write('manifest.json', {
    version: '55.0.0',
    artifacts: { plant: { type: 'aws:cloudformation:stack', properties: { templateFile: 'plant.template.json' } } },
  });
  write('plant.template.json', { Resources: {} });
  write('plant.assets.json', { files });
}

beforeEach(async () => {
  cloud = createTestCloud();
  await cloud.use(createS3Plugin).start?.();
  assembly = mkdtempSync(join(tmpdir(), 'fleetwright-assets-'));
  writeFileSync(join(assembly, 'program.cjs'), 'code');
  mkdirSync(join(assembly, 'function'));
});
afterEach(async () => {
  await cloud.close();
  rmSync(assembly, { recursive: true });
});

const deploy = () => deployAssembly({ context: cloud, assembly, provider: () => undefined });
const bucket = () =>
  BUCKET.replace('${AWS::AccountId}', cloud.account.accountId).replace('${AWS::Region}', cloud.account.region);
const s3 = <O>(operation: string, input: object = {}) =>
  cloud.api.call<O>(ADMINISTRATOR, 's3', operation, { Bucket: bucket(), ...input });
const versions = async () => (await s3<ListObjectVersionsOutput>('ListObjectVersions')).Versions ?? [];

test('plain files of an assembly lie in the bootstrap bucket, which keeps versions, before its stacks are deployed', async () => {
  writeAssembly({ a: asset('program.cjs', 'file', 'a.cjs') });
  await deploy();
  expect((await versions()).map(({ Key, Size }) => [Key, Size])).toEqual([['a.cjs', 4]]);
  expect(await s3<GetBucketVersioningOutput>('GetBucketVersioning')).toMatchObject({ Status: 'Enabled' });
});

test('a file that is there already is not sent again: its key is the digest of its content', async () => {
  writeAssembly({ a: asset('program.cjs', 'file', 'a.cjs') });
  await deploy();
  writeAssembly({ a: asset('program.cjs', 'file', 'a.cjs'), b: asset('program.cjs', 'file', 'a.cjs.map') });
  await deploy();
  expect((await versions()).map(({ Key }) => Key)).toEqual(['a.cjs', 'a.cjs.map']);
});

test('an assembly of templates and functions alone makes no bucket', async () => {
  writeAssembly({ t: asset('plant.template.json', 'file', 't.json'), f: asset('function', 'zip', 'f.zip') });
  await deploy();
  await expect(versions()).rejects.toMatchObject({ code: 'NoSuchBucket' });
});
