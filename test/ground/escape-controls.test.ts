import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { escapeControls, escapeControlsInLines } from '../../src/escape-controls.js';
import { harmful, hostileNames } from '../support/hostile-names.js';

describe('a name that people are shown', () => {
  it('keeps its letters, and shows the marks that would steer a terminal or forge a line', () => {
    assert.equal(escapeControls('a\u001b[2Jb\u202ec\nd'), 'a\\u001b[2Jb\\u202ec\\u000ad');
    for (const name of hostileNames) assert.doesNotMatch(escapeControls(name), harmful);
  });

  it('stays as it is when there is no harm in it, in every script', () => {
    for (const name of ['patient', 'Müller', '患者', 'مريض', '👩‍⚕️', 'a b\u00a0c', 'C:\\backup']) {
      assert.equal(escapeControls(name), name);
    }
  });

  it('may stand in a text of several lines, which keeps its line breaks and tabs and nothing else', () => {
    assert.equal(escapeControlsInLines('one\n\ttwo\r\u001b\u202e'), 'one\n\ttwo\\u000d\\u001b\\u202e');
  });
});
