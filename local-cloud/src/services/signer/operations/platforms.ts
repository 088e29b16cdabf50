import type {
  GetSigningPlatformRequest,
  GetSigningPlatformResponse,
  ListSigningPlatformsRequest,
  ListSigningPlatformsResponse,
} from '@aws-sdk/client-signer';
import type { Operation } from '../../../core/api.ts';
import { page } from '../page.ts';
import { platforms, platformView, requirePlatform } from '../platforms.ts';

export function createPlatformOperations(): Operation[] {
  const get: Operation<GetSigningPlatformRequest, GetSigningPlatformResponse> = {
    name: 'GetSigningPlatform',
    authorize: () => [{ action: 'signer:GetSigningPlatform', resource: '*' }],
    handle: (input) => platformView(requirePlatform(input.platformId)),
  };

  const list: Operation<ListSigningPlatformsRequest, ListSigningPlatformsResponse> = {
    name: 'ListSigningPlatforms',
    authorize: () => [{ action: 'signer:ListSigningPlatforms', resource: '*' }],
    handle(input) {
      const found = platforms()
        .map(platformView)
        .filter(
          ({ category, partner, target }) =>
            (input.category === undefined || input.category === category) &&
            (input.partner === undefined || input.partner === partner) &&
            (input.target === undefined || input.target === target),
        );
      const { items, token } = page(found, ({ platformId }) => platformId ?? '', input);
      return { platforms: items, ...token };
    },
  };

  return [get, list];
}
