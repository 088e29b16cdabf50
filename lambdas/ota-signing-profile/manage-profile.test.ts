import { manageProfile, NO_PROFILE, type Profile, type ProfilePorts } from './manage-profile.ts';
import type { ProfileRequest } from './schema.ts';

/** Profiles as AWS Signer keeps them: a name stays taken, and nothing of a profile changes. */
function signer() {
  const profiles = new Map<string, Profile>();
  const ports: ProfilePorts = {
    find: async (name) => profiles.get(name),
    async put(name, profile) {
      if (profiles.has(name)) throw new Error(`a profile ${name} already exists`);
      profiles.set(name, { ...profile, active: true });
    },
    async cancel(name) {
      profiles.set(name, { ...(profiles.get(name) as Profile), active: false });
    },
  };
  return { profiles, ports };
}

const common = {
  ResponseURL: 'https://answer',
  StackId: 'arn:aws:cloudformation:us-east-1:123456789012:stack/a/1',
  LogicalResourceId: 'Profile',
};
const properties = { NamePrefix: 'dev_firmware', PlatformId: 'P', CertificateArn: 'arn:one' };
const create = (RequestId: string, over = {}): ProfileRequest => ({
  ...common,
  RequestId,
  RequestType: 'Create',
  ResourceProperties: { ...properties, ...over },
});
const update = (RequestId: string, PhysicalResourceId: string, over = {}): ProfileRequest => ({
  ...common,
  RequestId,
  RequestType: 'Update',
  PhysicalResourceId,
  ResourceProperties: { ...properties, ...over },
});
const remove = (PhysicalResourceId: string): ProfileRequest => ({
  ...common,
  RequestId: 'd',
  RequestType: 'Delete',
  PhysicalResourceId,
});

test('a profile is made, and asking again makes no second one', async () => {
  const { ports, profiles } = signer();
  const made = await manageProfile(create('r1'), ports);
  expect(made.physicalResourceId).toMatch(/^dev_firmware_[0-9a-f]{12}$/);
  expect(made.data).toEqual({ ProfileName: made.physicalResourceId });
  expect(await manageProfile(create('r1'), ports)).toEqual(made);
  expect(profiles.size).toBe(1);
});

test('after a deletion the same stack gets a new name, because the old one stays taken', async () => {
  const { ports } = signer();
  const { physicalResourceId: first } = await manageProfile(create('r1'), ports);
  await manageProfile(remove(first), ports);
  await manageProfile(remove(first), ports);
  const { physicalResourceId: second } = await manageProfile(create('r2'), ports);
  expect(second).not.toBe(first);
});

test('another certificate is another profile; the same one stays', async () => {
  const { ports, profiles } = signer();
  const { physicalResourceId: first } = await manageProfile(create('r1'), ports);
  expect((await manageProfile(update('r2', first), ports)).physicalResourceId).toBe(first);
  const { physicalResourceId: second } = await manageProfile(update('r3', first, { CertificateArn: 'arn:two' }), ports);
  expect(second).not.toBe(first);
  expect(profiles.get(second)).toEqual({ platformId: 'P', certificateArn: 'arn:two', active: true });
});

test('a profile that somebody canceled is made anew by an update', async () => {
  const { ports } = signer();
  const { physicalResourceId: first } = await manageProfile(create('r1'), ports);
  await ports.cancel(first);
  expect((await manageProfile(update('r2', first), ports)).physicalResourceId).not.toBe(first);
});

test('a name that another profile has is a conflict, and what was never made is deleted without asking', async () => {
  const { ports, profiles } = signer();
  const { physicalResourceId: name } = await manageProfile(create('r1'), ports);
  profiles.set(name, { platformId: 'other', certificateArn: 'arn:one', active: true });
  await expect(manageProfile(create('r1'), ports)).rejects.toMatchObject({ code: 'PROFILE_CONFLICT' });
  expect(await manageProfile(remove(NO_PROFILE), ports)).toEqual({ physicalResourceId: NO_PROFILE });
});
