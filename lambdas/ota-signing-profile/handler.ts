import {
  CancelSigningProfileCommand,
  GetSigningProfileCommand,
  PutSigningProfileCommand,
  SignerClient,
} from '@aws-sdk/client-signer';
import { serveCustomResource } from '../shared/custom-resource/serve-custom-resource.ts';
import { errorName } from '../shared/errors.ts';
import { observed } from '../shared/observability.ts';
import { manageProfile, NO_PROFILE, type ProfilePorts } from './manage-profile.ts';
import { type ProfileRequest, requestSchema } from './schema.ts';

const signer = new SignerClient({});

const ports: ProfilePorts = {
  async find(profileName) {
    try {
      const found = await signer.send(new GetSigningProfileCommand({ profileName }));
      return {
        platformId: found.platformId ?? '',
        certificateArn: found.signingMaterial?.certificateArn ?? '',
        active: found.status === 'Active',
      };
    } catch (error) {
      if (errorName(error) === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  },
  async put(profileName, { certificateArn, platformId }) {
    await signer.send(new PutSigningProfileCommand({ profileName, platformId, signingMaterial: { certificateArn } }));
  },
  async cancel(profileName) {
    await signer.send(new CancelSigningProfileCommand({ profileName }));
  },
};

export const handler = observed<unknown, void>((event, context) =>
  serveCustomResource<ProfileRequest>(event, context, {
    schema: requestSchema,
    nothingCreated: NO_PROFILE,
    handle: (request) => manageProfile(request, ports),
  }),
);
