import { type ClaimPorts, type KeptClaim, manageClaim, NOTHING_CREATED } from './manage-claim.ts';
import type { ClaimProperties, ClaimRequest } from './schema.ts';

const STACK = 'arn:aws:cloudformation:eu-west-1:123456789012:stack/identity/1';
const arnOf = (id: string) => `arn:aws:iot:eu-west-1:123456789012:cert/${id}`;
const properties: ClaimProperties = {
  PolicyName: 'claim',
  SecretId: 'arn:secret',
  ProvisioningTemplate: 'template',
  Generation: '1',
};
const base = { ResponseURL: 'https://answer', StackId: STACK, LogicalResourceId: 'Claim' };

/** AWS IoT and Secrets Manager as far as the function sees them. */
function world(failAt?: keyof ClaimPorts) {
  let made = 0;
  const certificates = new Map<string, { active: boolean; policies: Set<string> }>();
  const versions: { id: string; claim: KeptClaim }[] = [];
  const guard = (name: keyof ClaimPorts) => {
    if (name === failAt) throw new Error(`${name} failed`);
  };
  const ports: ClaimPorts = {
    async createCertificate() {
      guard('createCertificate');
      const certificateId = String(++made).repeat(64);
      certificates.set(certificateId, { active: false, policies: new Set() });
      return { certificateId, certificateArn: arnOf(certificateId), certificatePem: 'pem', privateKeyPem: 'key' };
    },
    async attachPolicy(certificateArn, policyName) {
      guard('attachPolicy');
      certificates.get(certificateArn.split('/')[1] as string)?.policies.add(policyName);
    },
    async activate(id) {
      guard('activate');
      const certificate = certificates.get(id);
      if (certificate === undefined) return false;
      certificate.active = true;
      return true;
    },
    async withdraw(id, certificateArn) {
      guard('withdraw');
      expect(certificateArn).toBe(arnOf(id));
      certificates.delete(id);
    },
    async findClaim(_secretId, version) {
      return version === 'previous' ? versions.at(-2)?.claim : versions.find(({ id }) => id === version.id)?.claim;
    },
    async keepClaim(_secretId, id, claim) {
      guard('keepClaim');
      if (!versions.some((version) => version.id === id)) versions.push({ id, claim });
    },
  };
  return { ports, certificates, versions };
}

const create = (RequestId: string): ClaimRequest => ({
  ...base,
  RequestType: 'Create',
  RequestId,
  ResourceProperties: properties,
});
const update = (RequestId: string, physicalId: string, to: ClaimProperties, from: ClaimProperties): ClaimRequest => ({
  ...base,
  RequestType: 'Update',
  RequestId,
  PhysicalResourceId: physicalId,
  ResourceProperties: to,
  OldResourceProperties: from,
});
const remove = (PhysicalResourceId: string): ClaimRequest => ({
  ...base,
  RequestType: 'Delete',
  RequestId: 'delete',
  PhysicalResourceId,
});

test('creating makes an active certificate with the policy, and keeps it in the secret', async () => {
  const { ports, certificates, versions } = world();
  const result = await manageClaim(create('r1'), ports);
  expect(certificates.get(result.physicalResourceId)).toEqual({ active: true, policies: new Set(['claim']) });
  expect(result.certificateArn).toBe(arnOf(result.physicalResourceId));
  expect(versions.map(({ claim }) => claim)).toEqual([
    {
      certificateId: result.physicalResourceId,
      certificatePem: 'pem',
      privateKeyPem: 'key',
      provisioningTemplate: 'template',
      policyName: 'claim',
      generation: '1',
    },
  ]);
  // Secrets Manager takes version ids of 32 to 64 characters.
  expect(versions[0]?.id).toMatch(/^[0-9a-f]{64}$/);
});

test('the same request delivered twice makes one certificate', async () => {
  const { ports, certificates } = world();
  const first = await manageClaim(create('r1'), ports);
  expect(await manageClaim(create('r1'), ports)).toEqual(first);
  expect(certificates.size).toBe(1);
});

test.each(['attachPolicy', 'keepClaim', 'activate'] as const)(
  'a failure of %s leaves no certificate behind',
  async (step) => {
    const { ports, certificates } = world(step);
    await expect(manageClaim(create('r1'), ports)).rejects.toThrow(`${step} failed`);
    expect(certificates.size).toBe(0);
  },
);

test('an update that changes nothing keeps the certificate', async () => {
  const { ports, certificates } = world();
  const { physicalResourceId } = await manageClaim(create('r1'), ports);
  const again = await manageClaim(update('r2', physicalResourceId, properties, properties), ports);
  expect(again.physicalResourceId).toBe(physicalResourceId);
  expect(certificates.size).toBe(1);
});

test('another generation means another certificate, and the old one lives until CloudFormation deletes it', async () => {
  const { ports, certificates } = world();
  const second = { ...properties, Generation: '2' };
  const old = await manageClaim(create('r1'), ports);
  const made = await manageClaim(update('r2', old.physicalResourceId, second, properties), ports);
  expect(made.physicalResourceId).not.toBe(old.physicalResourceId);
  expect([...certificates.keys()]).toEqual([old.physicalResourceId, made.physicalResourceId]);
  await manageClaim(remove(old.physicalResourceId), ports);
  expect([...certificates.keys()]).toEqual([made.physicalResourceId]);
});

test('an update that is rolled back returns to the certificate it came from', async () => {
  const { ports, certificates, versions } = world();
  const second = { ...properties, Generation: '2' };
  const old = await manageClaim(create('r1'), ports);
  const made = await manageClaim(update('r2', old.physicalResourceId, second, properties), ports);
  const back = await manageClaim(update('r3', made.physicalResourceId, properties, second), ports);
  expect(back.physicalResourceId).toBe(old.physicalResourceId);
  expect(versions.at(-1)?.claim.certificateId).toBe(old.physicalResourceId);
  await manageClaim(remove(made.physicalResourceId), ports);
  expect([...certificates.keys()]).toEqual([old.physicalResourceId]);
});

test('a generation whose certificate is gone is made anew', async () => {
  const { ports, versions } = world();
  const second = { ...properties, Generation: '2' };
  const old = await manageClaim(create('r1'), ports);
  const made = await manageClaim(update('r2', old.physicalResourceId, second, properties), ports);
  await manageClaim(remove(old.physicalResourceId), ports);
  const back = await manageClaim(update('r3', made.physicalResourceId, properties, second), ports);
  expect([old.physicalResourceId, made.physicalResourceId]).not.toContain(back.physicalResourceId);
  expect(versions.at(-1)?.claim.certificateId).toBe(back.physicalResourceId);
});

test('deleting what was never created does nothing', async () => {
  const { ports, certificates } = world();
  await manageClaim(create('r1'), ports);
  expect(await manageClaim(remove(NOTHING_CREATED), ports)).toEqual({ physicalResourceId: NOTHING_CREATED });
  expect(certificates.size).toBe(1);
});

test('a certificate that cannot be withdrawn after a failure is named', async () => {
  const { ports } = world('keepClaim');
  ports.withdraw = () => Promise.reject(new Error('denied'));
  await expect(manageClaim(create('r1'), ports)).rejects.toThrow(
    `keepClaim failed; certificate ${'1'.repeat(64)} could not be withdrawn: denied`,
  );
});
