import * as schemas from '@aws-sdk/client-signer';
import type { PluginFactory } from '../../core/plugin.ts';
import { createJobOperations } from './operations/jobs.ts';
import { createPlatformOperations } from './operations/platforms.ts';
import { createProfileOperations } from './operations/profiles.ts';
import { SignerState } from './signer-state.ts';
import { SigningJobs } from './signing-jobs.ts';

/**
 * AWS Signer for the IoT platforms, which sign with certificates of ACM. Lambda and container platforms, whose keys AWS
 * holds, and the sharing of profiles between accounts are not built.
 */
export const createSignerPlugin: PluginFactory = (context) => {
  const state = new SignerState(context);
  const jobs = new SigningJobs(state);
  return {
    name: 'signer',
    apis: [
      {
        service: 'signer',
        signingName: 'signer',
        protocol: 'restJson1',
        schemas,
        operations: [
          ...createProfileOperations(state),
          ...createJobOperations(state, jobs),
          ...createPlatformOperations(),
        ],
      },
    ],
    async start() {
      context.ports.find('importedCertificates')?.onUse((certificateArn) =>
        state
          .profiles()
          .filter((profile) => profile.certificateArn === certificateArn && profile.status === 'Active')
          .map(({ arn }) => arn),
      );
      await jobs.failInterrupted();
    },
    stop: () => jobs.settled(),
  };
};
