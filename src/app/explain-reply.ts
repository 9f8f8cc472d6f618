import type { AttemptResult } from '../core/attempt.ts';

/** Slack's error words in plain language. Source: Slack's documentation of incoming webhooks. */
const slackWords: Readonly<Record<string, string>> = {
  invalid_payload:
    'Slack could not read the body: check that it is JSON with `text`, `blocks` or `attachments`.',
  invalid_blocks:
    'Slack refused the blocks: a section text holds at most 3000 characters, a message 50 blocks.',
  no_text: 'Slack wants a `text`, also beside blocks.',
  no_service: 'This webhook was removed or switched off in Slack: make a new one.',
  no_service_id: 'The webhook URL is not complete.',
  no_team: 'The webhook URL names a Slack workspace that does not exist.',
  channel_not_found: 'The channel of this webhook does not exist any more.',
  channel_is_archived: 'The channel of this webhook is archived.',
  action_prohibited: 'An administrator forbids posting to this channel.',
  posting_to_general_channel_denied: 'This webhook may not post to #general.',
  too_many_attachments: 'Slack takes at most 100 attachments.',
  rate_limited: 'Slack wants at most about one message a second per webhook: set `rate_limit: 1/s`.',
  user_not_found: 'The user of this webhook does not exist any more.',
};

/** What an answer means and what to do about it, where that is known; null otherwise. */
export function explainReply(result: AttemptResult): string | null {
  if (result.kind === 'error') {
    switch (result.class) {
      case 'dns':
        return 'The host name cannot be resolved: check its spelling, and the DNS of this machine.';
      case 'tls':
        return 'The certificate is not trusted: for a private CA set `tls.ca_file`.';
      case 'timeout':
        return 'Nothing came back in time: check that the address is reachable from here, or raise `timeout`.';
      case 'network':
        return 'No connection: check host and port, and whether something listens there.';
    }
  }
  const word = Object.keys(slackWords).find((known) =>
    new RegExp(`(^|[^a-z_])${known}([^a-z_]|$)`).test(result.reply),
  );
  if (word !== undefined) return slackWords[word] as string;
  if (result.status >= 300 && result.status < 400)
    return 'The receiver redirects; give the final URL, redirects are not followed.';
  if (result.status === 401 || result.status === 403)
    return 'The receiver does not accept our credentials or signature.';
  if (result.status === 404) return 'The receiver does not know this URL.';
  if (result.status === 413) return 'The body is too large for the receiver.';
  return null;
}
