import { serialNumberSchema, topicLevelSchema } from '@fleetwright/contracts';
import { z } from 'zod';

/** A PEM file, from the directory that the app runs in. */
const pemFile = z.string().min(1);

/** Where and what devices are: one of the stage's sites and device types. */
const place = { site: topicLevelSchema, deviceType: topicLevelSchema };

const unique = <T>(values: readonly T[], key: (value: T) => string): boolean =>
  new Set(values.map(key)).size === values.length;

/** A CA of the customer's that signs the certificates of devices in the factory. */
const authoritySchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9]{0,15}$/, 'must be 1 to 16 lower-case letters or digits, beginning with a letter'),
  certificateFile: pemFile,
  /** Of a certificate that the CA has signed for the account's registration code; without it, `SNI_ONLY`. */
  verificationFile: pemFile.optional(),
  /**
   * What becomes of a device that first connects with a certificate of the CA: `register` looks at the list of admissions,
   * `provision` takes every one, `none` takes only certificates that were registered before.
   */
  onboarding: z.enum(['register', 'provision', 'none']).default('register'),
  ...place,
});

/** A device that is registered by hand. */
const deviceSchema = z
  .strictObject({
    serialNumber: serialNumberSchema,
    csrFile: pemFile.optional(),
    certificateFile: pemFile.optional(),
    ...place,
  })
  .refine(({ certificateFile, csrFile }) => (certificateFile === undefined) !== (csrFile === undefined), {
    message: 'must name either csrFile or certificateFile',
  });

const grantSchema = z.strictObject({
  actions: z
    .array(z.string().regex(/^[a-z0-9-]+:[A-Za-z0-9]+$/, 'must be the whole name of an action, such as s3:PutObject'))
    .min(1),
  resources: z
    .array(
      z
        .string()
        .startsWith('arn:', 'must be an ARN')
        .includes('${credentials-iot:ThingName}', { message: 'must hold ${credentials-iot:ThingName}' }),
    )
    .min(1),
});

/** Settings of the identity stack besides provisioning by claim. */
export const identitySchema = z.strictObject({
  rotation: z
    .strictObject({
      /** How long a certificate that was taken out of use is kept, inactive, before it is deleted. */
      deleteAfterHours: z.int().min(0).max(8_760).default(24),
    })
    .prefault({}),
  authorities: z
    .array(authoritySchema)
    .refine((all) => unique(all, ({ name }) => name), 'must not repeat a name')
    .default([]),
  devices: z
    .array(deviceSchema)
    .refine((all) => unique(all, ({ serialNumber }) => serialNumber), 'must not repeat a serial number')
    .default([]),
  /** AWS credentials for devices of some types; no types: none. */
  credentials: z
    .strictObject({
      deviceTypes: z
        .array(topicLevelSchema)
        .refine((all) => unique(all, (name) => name), 'must not repeat a type')
        .default([]),
      grants: z.array(grantSchema).default([]),
      durationSeconds: z.int().min(900).max(43_200).default(3_600),
    })
    .refine(({ deviceTypes, grants }) => (deviceTypes.length === 0) === (grants.length === 0), {
      message: 'needs both deviceTypes and grants, or neither',
    })
    .prefault({}),
});

export type IdentitySettings = z.infer<typeof identitySchema>;

/** What the settings say of sites and device types that the stage does not have. */
export function foreignPlaces(
  { authorities, credentials, devices }: IdentitySettings,
  stage: { readonly sites: readonly string[]; readonly deviceTypes: readonly string[] },
): string[] {
  const places = [...authorities, ...devices];
  return [
    ...places.filter(({ site }) => !stage.sites.includes(site)).map(({ site }) => `site ${site}`),
    ...[...places.map(({ deviceType }) => deviceType), ...credentials.deviceTypes]
      .filter((type) => !stage.deviceTypes.includes(type))
      .map((type) => `device type ${type}`),
  ];
}
