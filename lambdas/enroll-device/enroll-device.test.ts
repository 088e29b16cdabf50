import { enrollDevice, NOTHING_ENROLLED } from './enroll-device.ts';

const base = {
  RequestId: 'r1',
  ResponseURL: 'https://answer/here',
  StackId: 'arn:aws:cloudformation:us-east-1:123456789012:stack/identity/1',
  LogicalResourceId: 'Device',
};
const arn = (digit: string) => `arn:aws:iot:us-east-1:123456789012:cert/${digit.repeat(64)}`;
const properties = (digit: string, more: object = {}) => ({
  ThingName: 'pump',
  CertificateArn: arn(digit),
  TemplateBody: '{}',
  ...more,
});

function registry(left: readonly string[] = []) {
  const calls: string[] = [];
  const ports = {
    register: async (_body: string, id: string) => void calls.push(`register ${id.slice(0, 2)}`),
    detach: async (thing: string, certificate: string) => void calls.push(`detach ${thing} ${certificate.slice(-2)}`),
    isInUse: async () => left.length > 0,
    deleteThing: async (thing: string) => void calls.push(`delete ${thing}`),
  };
  return { calls, ports };
}

test('a create registers, and the delete of what it made takes it apart', async () => {
  const { calls, ports } = registry();
  const made = await enrollDevice({ ...base, RequestType: 'Create', ResourceProperties: properties('a') }, ports);
  const PhysicalResourceId = made.physicalResourceId;
  await enrollDevice({ ...base, RequestType: 'Delete', PhysicalResourceId }, ports);
  expect(calls).toEqual(['register aa', 'detach pump aa', 'delete pump']);
});

test('another certificate is another device to CloudFormation, and the thing stays for it', async () => {
  const { calls, ports } = registry(['the new one']);
  const before = `pump|${arn('a')}`;
  const { physicalResourceId } = await enrollDevice(
    {
      ...base,
      RequestType: 'Update',
      PhysicalResourceId: before,
      ResourceProperties: properties('b'),
      OldResourceProperties: properties('a'),
    },
    ports,
  );
  expect(physicalResourceId).not.toBe(before);
  await enrollDevice({ ...base, RequestType: 'Delete', PhysicalResourceId: before }, ports);
  expect(calls).toEqual(['register bb', 'detach pump aa']);
});

test('a device that would move is refused, and nothing is done', async () => {
  const { calls, ports } = registry();
  const update = {
    ...base,
    RequestType: 'Update',
    PhysicalResourceId: `pump|${arn('a')}`,
    ResourceProperties: properties('a', { TemplateBody: '{"other":1}' }),
    OldResourceProperties: properties('a'),
  } as const;
  await expect(enrollDevice(update, ports)).rejects.toMatchObject({ code: 'EVENT_INVALID' });
  expect(calls).toEqual([]);
});

test('the delete of a create that failed does nothing', async () => {
  const { calls, ports } = registry();
  await enrollDevice({ ...base, RequestType: 'Delete', PhysicalResourceId: NOTHING_ENROLLED }, ports);
  expect(calls).toEqual([]);
});
