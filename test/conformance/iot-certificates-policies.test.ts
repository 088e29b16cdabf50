import { X509Certificate } from 'node:crypto';
import {
  type IotTestCloud,
  makeCsr,
  makeForeignCertificate,
  startIot,
} from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';

// AWS IoT API reference, by operation; developer guide: x509-client-certs, iot-policies, thing-groups, exclusive-thing.

const ARN = 'arn:aws:iot:us-east-1:123456789012:';

const documentOf = (topic: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'iot:Publish', Resource: `${ARN}topic/${topic}` }],
  });

let iot: IotTestCloud;

beforeEach(async () => {
  iot = await startIot();
});

afterEach(() => iot.cloud.close());

interface Made {
  certificateId: string;
  certificateArn: string;
  certificatePem: string;
}

async function makeCertificate(setAsActive = true): Promise<Made> {
  return iot.call<Made>('CreateCertificateFromCsr', {
    certificateSigningRequest: (await makeCsr()).pem,
    setAsActive,
  });
}

function refused(operation: string, input: object, code: string, message?: RegExp): Promise<void> {
  const expected = message === undefined ? { code } : { code, message: expect.stringMatching(message) };
  return expect(iot.call(operation, input)).rejects.toMatchObject(expected);
}

describe('certificates', () => {
  test('are inactive until activated', async () => {
    const made = await makeCertificate(false);
    const devices = iot.cloud.ports.get('devices');
    const certificate = new X509Certificate(made.certificatePem);
    expect(made.certificateArn).toBe(`${ARN}cert/${made.certificateId}`);
    expect(await iot.call('DescribeCertificate', { certificateId: made.certificateId })).toMatchObject({
      certificateDescription: {
        status: 'INACTIVE',
        certificateMode: 'DEFAULT',
        ownedBy: '123456789012',
        customerVersion: 1,
        certificatePem: made.certificatePem,
        validity: { notAfter: new Date('2049-12-31T23:59:59Z') },
      },
    });
    expect(devices.admit([certificate], 'localhost')).toBe(false);
    await iot.call('UpdateCertificate', { certificateId: made.certificateId, newStatus: 'ACTIVE' });
    expect(devices.admit([certificate], 'localhost')).toBe(true);
  });

  test('come with a key pair that nothing keeps', async () => {
    const made = await iot.call<Made & { keyPair: { PublicKey: string; PrivateKey: string } }>(
      'CreateKeysAndCertificate',
      { setAsActive: true },
    );
    expect(made.keyPair.PrivateKey).toContain('BEGIN RSA PRIVATE KEY');
    expect(made.keyPair.PublicKey).toContain('BEGIN PUBLIC KEY');
    const described = await iot.call('DescribeCertificate', { certificateId: made.certificateId });
    expect(JSON.stringify(described)).not.toContain('PRIVATE KEY');
  });

  test.each(['PENDING_TRANSFER', 'PENDING_ACTIVATION', 'REGISTER_INACTIVE', 'NONSENSE'])(
    'cannot be set to %s',
    async (newStatus) => {
      const { certificateId } = await makeCertificate();
      await refused('UpdateCertificate', { certificateId, newStatus }, 'InvalidRequestException');
    },
  );

  test('are deleted when inactive and free of things and policies', async () => {
    const { certificateId, certificateArn } = await makeCertificate();
    await iot.call('CreatePolicy', { policyName: 'p', policyDocument: documentOf('a') });
    await iot.call('CreateThing', { thingName: 't' });
    await iot.call('AttachPolicy', { policyName: 'p', target: certificateArn });
    await iot.call('AttachThingPrincipal', { thingName: 't', principal: certificateArn });
    const remove = (forceDelete: boolean) => ({ certificateId, forceDelete });
    await refused('DeleteCertificate', remove(true), 'CertificateStateException', /must be deactivated/);
    await refused(
      'DeleteThing',
      { thingName: 't' },
      'InvalidRequestException',
      /still attached to one or more principals/,
    );
    await iot.call('UpdateCertificate', { certificateId, newStatus: 'INACTIVE' });
    await refused('DeleteCertificate', remove(true), 'DeleteConflictException', /Things must be detached/);
    await iot.call('DetachThingPrincipal', { thingName: 't', principal: certificateArn });
    await refused('DeleteCertificate', remove(false), 'DeleteConflictException', /policies must be detached/);
    await iot.call('DeleteCertificate', remove(true));
    await refused('DescribeCertificate', { certificateId }, 'ResourceNotFoundException');
    await iot.call('DeletePolicy', { policyName: 'p' });
  });

  test('are listed newest first unless asked otherwise, in pages', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      ids.push((await makeCertificate()).certificateId);
      await iot.cloud.clock.advance(1_000);
    }
    const pages = async (input: object) => {
      const found: string[] = [];
      for (let marker: string | undefined; ; ) {
        const page = await iot.call<{ certificates: Made[]; nextMarker?: string }>('ListCertificates', {
          ...input,
          pageSize: 2,
          marker,
        });
        found.push(...page.certificates.map(({ certificateId }) => certificateId));
        marker = page.nextMarker;
        if (marker === undefined) return found;
      }
    };
    expect(await pages({ ascendingOrder: true })).toEqual(ids);
    expect(await pages({})).toEqual([...ids].reverse());
  });

  test('of another authority are registered once, inactive unless told otherwise', async () => {
    const certificate = await makeForeignCertificate();
    const { certificateId } = await iot.call<Made>('RegisterCertificateWithoutCA', {
      certificatePem: certificate.toString(),
    });
    expect(await iot.call('DescribeCertificate', { certificateId })).toMatchObject({
      certificateDescription: { status: 'INACTIVE', certificateMode: 'SNI_ONLY' },
    });
    const again = { certificatePem: certificate.toString() };
    await refused('RegisterCertificateWithoutCA', again, 'ResourceAlreadyExistsException');
    await refused('RegisterCertificateWithoutCA', { certificatePem: 'x' }, 'CertificateValidationException');
    const revoked = { certificatePem: (await makeForeignCertificate()).toString(), status: 'REVOKED' };
    await refused('RegisterCertificateWithoutCA', revoked, 'InvalidRequestException');
  });

  test('are of no use before and after their validity', async () => {
    const now = iot.cloud.clock.now();
    const devices = iot.cloud.ports.get('devices');
    const expiring = await makeForeignCertificate('CN=expiring', [], now);
    const early = await makeForeignCertificate('CN=early', [], now + 3_600_000);
    for (const certificate of [expiring, early]) {
      const input = { certificatePem: certificate.toString(), status: 'ACTIVE' };
      await iot.call('RegisterCertificateWithoutCA', input);
    }
    expect([devices.admit([expiring], 'localhost'), devices.admit([early], 'localhost')]).toEqual([true, false]);
    await iot.cloud.clock.advance(86_400_001);
    expect([devices.admit([expiring], 'localhost'), devices.admit([early], 'localhost')]).toEqual([false, true]);
  });

  test('that nobody registered are not active', async () => {
    expect(iot.cloud.ports.get('devices').admit([await makeForeignCertificate()], undefined)).toBe(false);
  });
});

describe('policies', () => {
  test('have up to five versions, one of them the default', async () => {
    await iot.call('CreatePolicy', { policyName: 'p', policyDocument: documentOf('1') });
    for (let i = 2; i <= 5; i++) {
      const input = { policyName: 'p', policyDocument: documentOf(`${i}`), setAsDefault: i === 3 };
      expect(await iot.call('CreatePolicyVersion', input)).toMatchObject({
        policyVersionId: String(i),
        isDefaultVersion: i === 3,
      });
    }
    const sixth = { policyName: 'p', policyDocument: documentOf('6') };
    await refused('CreatePolicyVersion', sixth, 'VersionsLimitExceededException', /maximum number of versions \(5\)/);
    expect(await iot.call('GetPolicy', { policyName: 'p' })).toMatchObject({
      defaultVersionId: '3',
      policyDocument: documentOf('3'),
      policyArn: `${ARN}policy/p`,
    });
    await refused('DeletePolicyVersion', { policyName: 'p', policyVersionId: '3' }, 'DeleteConflictException');
    await iot.call('DeletePolicyVersion', { policyName: 'p', policyVersionId: '2' });
    expect(await iot.call('CreatePolicyVersion', sixth)).toMatchObject({ policyVersionId: '6' });
    await iot.call('SetDefaultPolicyVersion', { policyName: 'p', policyVersionId: '1' });
    expect(await iot.call('GetPolicyVersion', { policyName: 'p', policyVersionId: '1' })).toMatchObject({
      isDefaultVersion: true,
      policyDocument: documentOf('1'),
    });
    await refused('GetPolicyVersion', { policyName: 'p', policyVersionId: '9' }, 'ResourceNotFoundException');
    await refused('DeletePolicy', { policyName: 'p' }, 'DeleteConflictException', /policy versions/);
  });

  test('may have 2,048 characters, whitespace not counted', async () => {
    const fill = documentOf('').length;
    const full = documentOf('x'.repeat(2048 - fill));
    const spaced = full.replaceAll(',', ' ,\n   ');
    await iot.call('CreatePolicy', { policyName: 'full', policyDocument: spaced });
    const over = { policyName: 'over', policyDocument: documentOf('x'.repeat(2049 - fill)) };
    await refused('CreatePolicy', over, 'MalformedPolicyException', /2049/);
  });

  test.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['no statement', '{"Version":"2012-10-17"}'],
    ['an unknown version', documentOf('a').replace('2012-10-17', '2020-01-01')],
    ['an unknown effect', documentOf('a').replace('Allow', 'Maybe')],
    ['a principal', documentOf('a').replace('"Effect"', '"Principal":"*","Effect"')],
    ['no action', documentOf('a').replace('"Action":"iot:Publish",', '')],
    ['an unknown element', documentOf('a').replace('"Effect"', '"Efect":1,"Effect"')],
    ['an unknown operator', documentOf('a').replace('"Effect"', '"Condition":{"Like":{"a:b":"c"}},"Effect"')],
  ])('are refused with %s', async (_title, policyDocument) => {
    await refused('CreatePolicy', { policyName: 'p', policyDocument }, 'MalformedPolicyException');
  });

  test('are named once, and not just anything', async () => {
    await iot.call('CreatePolicy', { policyName: 'p', policyDocument: documentOf('a') });
    await expect(iot.call('CreatePolicy', { policyName: 'p', policyDocument: documentOf('a') })).rejects.toMatchObject({
      code: 'ResourceAlreadyExistsException',
      fields: { resourceArn: `${ARN}policy/p`, resourceId: 'p' },
    });
    await refused('CreatePolicy', { policyName: 'a b', policyDocument: documentOf('a') }, 'InvalidRequestException');
    await refused('GetPolicy', { policyName: 'none' }, 'ResourceNotFoundException');
  });

  test('are attached to certificates and groups, and listed from both sides', async () => {
    const { certificateArn } = await makeCertificate();
    await iot.call('CreateThingGroup', { thingGroupName: 'g' });
    await iot.call('CreateThingGroup', { thingGroupName: 'child', parentGroupName: 'g' });
    const group = `${ARN}thinggroup/g`;
    for (const policyName of ['p', 'q'])
      await iot.call('CreatePolicy', { policyName, policyDocument: documentOf('a') });
    await iot.call('AttachPolicy', { policyName: 'p', target: certificateArn });
    await iot.call('AttachPolicy', { policyName: 'p', target: certificateArn });
    await iot.call('AttachPolicy', { policyName: 'p', target: group });
    expect(await iot.call('ListTargetsForPolicy', { policyName: 'p' })).toMatchObject({
      targets: [certificateArn, group],
    });
    expect(await iot.call('ListAttachedPolicies', { target: certificateArn })).toMatchObject({
      policies: [{ policyName: 'p', policyArn: `${ARN}policy/p` }],
    });
    const child = `${ARN}thinggroup/child`;
    expect(await iot.call('ListAttachedPolicies', { target: child })).toMatchObject({ policies: [] });
    expect(await iot.call('ListAttachedPolicies', { target: child, recursive: true })).toMatchObject({
      policies: [{ policyName: 'p' }],
    });
    await refused('DeletePolicy', { policyName: 'p' }, 'DeleteConflictException', /attached to one or more principals/);
    for (const target of [certificateArn, group, group]) await iot.call('DetachPolicy', { policyName: 'p', target });
    await iot.call('DeletePolicy', { policyName: 'p' });
    expect(await iot.call('ListPolicies')).toMatchObject({ policies: [{ policyName: 'q' }] });
  });

  test('number at most ten on a certificate and two on a group', async () => {
    const { certificateArn } = await makeCertificate();
    await iot.call('CreateThingGroup', { thingGroupName: 'g' });
    for (const [target, most] of [
      [certificateArn, 10],
      [`${ARN}thinggroup/g`, 2],
    ] as const) {
      for (let i = 0; i <= most; i++) {
        const policyName = `p${most}-${i}`;
        await iot.call('CreatePolicy', { policyName, policyDocument: documentOf('a') });
        const attach = iot.call('AttachPolicy', { policyName, target });
        if (i < most) await attach;
        else await expect(attach).rejects.toMatchObject({ code: 'LimitExceededException', statusCode: 410 });
      }
    }
  });

  test.each([
    ['an unknown certificate', `${ARN}cert/${'a'.repeat(64)}`, 'ResourceNotFoundException'],
    ['an unknown group', `${ARN}thinggroup/none`, 'ResourceNotFoundException'],
    ['a thing', `${ARN}thing/t`, 'InvalidRequestException'],
    [
      'a certificate of another account',
      `arn:aws:iot:us-east-1:999999999999:cert/${'a'.repeat(64)}`,
      'InvalidRequestException',
    ],
    ['an identity of Cognito', 'us-east-1:81084a40-f161-4960-90f9-835f3d8de579', 'InvalidRequestException'],
  ])('are not attached to %s', async (_title, target, code) => {
    await iot.call('CreatePolicy', { policyName: 'p', policyDocument: documentOf('a') });
    await refused('AttachPolicy', { policyName: 'p', target }, code);
  });
});

describe('principals of things', () => {
  test('are attached, listed from both sides with their type, and detached', async () => {
    const { certificateArn: principal } = await makeCertificate();
    for (const thingName of ['t', 'u']) {
      await iot.call('CreateThing', { thingName });
      await iot.call('AttachThingPrincipal', { thingName, principal });
    }
    expect(await iot.call('ListThingPrincipals', { thingName: 't' })).toMatchObject({ principals: [principal] });
    expect(await iot.call('ListPrincipalThings', { principal })).toMatchObject({ things: ['t', 'u'] });
    expect(await iot.call('ListPrincipalThingsV2', { principal, thingPrincipalType: 'EXCLUSIVE_THING' })).toMatchObject(
      {
        principalThingObjects: [],
      },
    );
    expect(await iot.call('ListThingPrincipalsV2', { thingName: 't' })).toMatchObject({
      thingPrincipalObjects: [{ principal, thingPrincipalType: 'NON_EXCLUSIVE_THING' }],
    });
    await iot.call('DetachThingPrincipal', { thingName: 't', principal });
    await iot.call('DetachThingPrincipal', { thingName: 't', principal });
    expect(await iot.call('ListPrincipalThings', { principal })).toMatchObject({ things: ['u'] });
  });

  test('that are exclusive keep others out, and others keep exclusive ones out', async () => {
    const { certificateArn: principal } = await makeCertificate();
    for (const thingName of ['t', 'u']) await iot.call('CreateThing', { thingName });
    const exclusive = (thingName: string) => ({ thingName, principal, thingPrincipalType: 'EXCLUSIVE_THING' });
    await iot.call('AttachThingPrincipal', exclusive('t'));
    await refused('AttachThingPrincipal', { thingName: 'u', principal }, 'InvalidRequestException', /exclusively/);
    await iot.call('DetachThingPrincipal', { thingName: 't', principal });
    await iot.call('AttachThingPrincipal', { thingName: 'u', principal });
    await refused('AttachThingPrincipal', exclusive('t'), 'InvalidRequestException', /already attached/);
  });

  test('must exist, as must the thing', async () => {
    const { certificateArn: principal } = await makeCertificate();
    await refused('AttachThingPrincipal', { thingName: 'none', principal }, 'ResourceNotFoundException');
    await iot.call('CreateThing', { thingName: 't' });
    const unknown = { thingName: 't', principal: `${ARN}cert/${'a'.repeat(64)}` };
    await refused('AttachThingPrincipal', unknown, 'ResourceNotFoundException');
  });
});
