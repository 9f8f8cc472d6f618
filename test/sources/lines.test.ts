import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { cutLines, emptyHarvest, EventIds, laneOf, type LineRules } from '../../src/sources/lines.ts';
import { document, expectedLines } from './documents.ts';
import { decodeJson } from './memory-intake.ts';

const rules: LineRules = { decode: decodeJson, maxLineBytes: 64, ids: new EventIds('aaaaaaaa'), label: 'x' };

describe('lines', () => {
  it('finds what a plain reading finds, and says how far it came', () => {
    fc.assert(
      fc.property(document, fc.uint8Array({ maxLength: 5 }), (bytes, rest) => {
        const open = rest.filter((byte) => byte !== 10);
        const buffer = Buffer.concat([Buffer.from('before\n'), bytes, open]);
        const harvest = emptyHarvest();
        const end = cutLines(buffer, 7, buffer.length, 0, rules, harvest);
        assert.equal(end, 7 + bytes.length);
        const found = {
          events: harvest.events.map(({ text }) => text),
          rejects: harvest.rejects.map(({ reason }) => reason),
          skipped: harvest.skipped,
        };
        assert.deepEqual(found, expectedLines(bytes, rules.maxLineBytes));
      }),
    );
  });

  it('makes ids that sort by place and differ by bytes, place and lane', () => {
    const bytes = Buffer.from('{"a":1}');
    const ids = new EventIds('0123abcd');
    assert.equal(ids.of(5 * 2 ** 30, bytes), '0123abcd-000140000000-561bacaf');
    assert.equal(ids.of(2 ** 47 + 0xabcdef, bytes), '0123abcd-800000abcdef-561bacaf');
    assert.notEqual(ids.of(1, bytes), ids.of(1, Buffer.from('{"a":2}')));
    assert.ok(ids.of(9, bytes) < ids.of(10, bytes));
    assert.match(laneOf('flipt', '1:2', 3), /^[0-9a-f]{8}$/);
    assert.notEqual(laneOf('flipt', '1:2', 3), laneOf('flipt', '1:2', 4));
    assert.notEqual(laneOf('flipt', '1:2', 3), laneOf('other', '1:2', 3));
  });
});
