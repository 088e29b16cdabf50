import { createPublicKey, verify } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListSigningProfilesCommand, SignerClient } from '@aws-sdk/client-signer';
import { MANIFEST_FILE, releaseKey } from '@fleetwright/contracts';
import { keyIdOf } from '@fleetwright/contracts/signatures';
import { FirmwareTables } from '../../cli/ota/firmware-tables.ts';
import { endCommands, fleetwright } from '../support/command.ts';
import { configuredAssembly } from '../support/configured-assembly.ts';
import { startTestPlatform, type TestPlatform, temporaryDirectory } from '../support/platform.ts';

const directory = temporaryDirectory();
let platform: TestPlatform | undefined;

afterAll(async () => {
  await endCommands();
  await platform?.stop();
  rmSync(directory, { recursive: true, force: true });
});

test('a stage moves from its KMS key to AWS Signer with an imported certificate, and its firmware is signed', async () => {
  platform = await startTestPlatform({ directory, keepDirectory: true });
  const keys = join(directory, 'keys');
  const dataDir = ['--data-dir', join(directory, 'data')];
  const made = await fleetwright('ota', 'keys', 'certificate', '--out', keys, '--import', ...dataDir).result;
  expect([made.exitCode, made.stderr]).toEqual([0, expect.stringContaining('certificate of the key')]);
  const certificateArn = made.stdout.trim();
  await platform.stop();

  const assembly = configuredAssembly(join(directory, 'signer.out'), {
    ota: { signing: { method: 'signer', certificateArn } },
  });
  platform = await startTestPlatform({ directory, assembly, keepDirectory: true });
  const signer = new SignerClient(platform.settings);
  const { profiles = [] } = await signer.send(new ListSigningProfilesCommand({}));
  expect(profiles.map(({ profileName, status }) => [profileName, status])).toEqual([
    [expect.stringMatching(/^fleetwright_dev_firmware_[0-9a-f]{12}$/), 'Active'],
  ]);

  const file = join(directory, 'image.bin');
  writeFileSync(file, Buffer.alloc(10_000, 7));
  const args = ['ota', 'publish', '2.0.0', file, '--hardware', 'rev-a', '--no-campaign', ...dataDir];
  const published = await fleetwright(...args).result;
  expect([published.exitCode, published.stderr]).toEqual([0, expect.stringContaining('released 2.0.0')]);

  const stack = platform.description.stacks.find(({ stackName }) => stackName.endsWith('-ota'));
  const dynamo = new DynamoDBClient(platform.settings);
  const release = await new FirmwareTables(dynamo, stack?.outputs as never).release('2.0.0');
  const s3 = new S3Client({ ...platform.settings, forcePathStyle: true });
  const Key = releaseKey('2.0.0', release?.manifestSha256 ?? '', MANIFEST_FILE);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: stack?.outputs.FirmwareBucketName, Key }));
  const manifest = Buffer.from((await Body?.transformToByteArray()) ?? []);
  const certificate = createPublicKey(readFileSync(join(keys, 'code-signing-certificate.pem')));
  const [signature] = release?.signatures ?? [];
  expect(signature?.keyId).toBe(keyIdOf(certificate));
  expect(verify('sha256', manifest, certificate, Buffer.from(signature?.signature ?? '', 'base64'))).toBe(true);
  for (const client of [signer, dynamo, s3]) client.destroy();
}, 240_000);
