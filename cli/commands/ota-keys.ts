import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ACMClient, ImportCertificateCommand } from '@aws-sdk/client-acm';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { KEY_SET_ITEM, type SignedKeySet, signedKeySetSchema } from '@fleetwright/contracts';
import { keyIdOf } from '@fleetwright/contracts/signatures';
import { Failure, messageOf } from '../failure.ts';
import { withClients } from '../operator/clients.ts';
import { openStage, type StageOptions } from '../operator/stage.ts';
import { stageOutputs, stageStacks } from '../operator/stage-stacks.ts';
import { makeCodeSigningCertificate } from '../ota/code-signing-certificate.ts';
import { firmwareKeyPem } from '../ota/firmware-key.ts';
import { FirmwareTables, TABLE_OUTPUTS } from '../ota/firmware-tables.ts';
import { readKeySet, signKeySet, trustedKey } from '../ota/key-set.ts';

/** `fleetwright ota keys root`: makes the offline key that vouches for key sets. Nothing is sent anywhere. */
export async function otaKeysRoot({ out }: { readonly out: string }): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writeSecret(out, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  writeFileSync(`${out}.pub`, publicKey.export({ type: 'spki', format: 'pem' }).toString());
  process.stderr.write(
    `root key ${keyIdOf(publicKey)}: keep ${out} offline, twice, and on no build machine; ${out}.pub may be seen\n`,
  );
}

export interface OtaCertificateOptions extends StageOptions {
  readonly out: string;
  readonly commonName: string;
  readonly years: number;
  /** Imports it into ACM of the account, and prints its ARN. */
  readonly import?: boolean;
}

/** `fleetwright ota keys certificate`: makes the certificate that AWS Signer signs with. */
export async function otaKeysCertificate(options: OtaCertificateOptions): Promise<void> {
  const { certificatePem, privateKeyPem } = await makeCodeSigningCertificate(
    options.commonName,
    options.years,
    Date.now(),
  );
  mkdirSync(options.out, { recursive: true, mode: 0o700 });
  writeSecret(join(options.out, 'code-signing-key.pem'), privateKeyPem);
  writeFileSync(join(options.out, 'code-signing-certificate.pem'), certificatePem);
  process.stderr.write(`certificate of the key ${keyIdOf(createPublicKey(certificatePem))} in ${options.out}\n`);
  if (options.import !== true) return;
  const stage = openStage(options);
  await withClients(stage, async (clients) => {
    const { CertificateArn: arn } = await clients.of(ACMClient).send(
      new ImportCertificateCommand({
        Certificate: Buffer.from(certificatePem),
        PrivateKey: Buffer.from(privateKeyPem),
      }),
    );
    process.stdout.write(`${arn}\n`);
  });
}

export interface OtaKeySetOptions extends StageOptions {
  /** Private root key. */
  readonly root: string;
  readonly out: string;
  /** Key set that devices have now; by default the published one. */
  readonly previous?: string;
  readonly addRoot?: readonly string[];
  readonly withdraw?: readonly string[];
  /** From now on job documents carry it. */
  readonly publish?: boolean;
}

/** `fleetwright ota keys set`: the keys that devices trust, signed by the root key. */
export async function otaKeysSet(options: OtaKeySetOptions): Promise<void> {
  const stage = openStage(options);
  await withClients(stage, async (clients) => {
    const stacks = await stageStacks(clients.cloudFormation, stage);
    const outputs = stageOutputs(stacks, stage, TABLE_OUTPUTS);
    const dynamo = clients.of(DynamoDBClient);
    const previous =
      options.previous === undefined
        ? await new FirmwareTables(dynamo, outputs).keySet()
        : readSigned(options.previous);
    const signed = signKeySet({
      rootPem: readText(options.root),
      firmwareKeys: [trustedKey(await firmwareKeyPem(clients, stacks.outputs), 'firmware')],
      furtherRoots: (options.addRoot ?? []).map((file) => trustedKey(readText(file), 'root')),
      previous,
      withdraw: options.withdraw ?? [],
      now: Date.now(),
    });
    const text = JSON.stringify(signed);
    writeFileSync(options.out, `${text}\n`);
    const { keys, serial } = readKeySet(signed);
    for (const { algorithm, keyId, use } of keys) process.stderr.write(`${use.padEnd(8)} ${keyId} ${algorithm}\n`);
    process.stderr.write(
      `key set ${serial} in ${options.out}: put it into every device before it leaves the factory\n`,
    );
    if (options.publish !== true) return;
    await dynamo.send(
      new PutItemCommand({
        TableName: outputs.ReleaseTableName,
        Item: { id: { S: KEY_SET_ITEM }, serial: { N: String(serial) }, record: { S: text } },
        ConditionExpression: 'attribute_not_exists(id) OR #serial < :serial',
        ExpressionAttributeNames: { '#serial': 'serial' },
        ExpressionAttributeValues: { ':serial': { N: String(serial) } },
      }),
    );
    process.stderr.write('published: devices get it with their next update\n');
  });
}

function readSigned(file: string): SignedKeySet {
  try {
    return signedKeySetSchema.parse(JSON.parse(readText(file)));
  } catch (error) {
    throw new Failure(`${file} is no signed key set: ${messageOf(error)}`);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${messageOf(error)}`);
  }
}

/** Never over a key that is there. */
function writeSecret(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new Failure(`${file} cannot be made: ${messageOf(error)}`);
  }
}
