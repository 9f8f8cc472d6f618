/**
 * Text that a helper has already written for one kind of place: complete JSON, percent-encoded, or Slack
 * markup. The escaper of that kind of place leaves it alone; everywhere else it is text like any other.
 */
export class Marked {
  readonly kind: 'json' | 'url' | 'slack';
  readonly text: string;

  constructor(kind: Marked['kind'], text: string) {
    this.kind = kind;
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}
