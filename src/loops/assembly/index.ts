/** The hot loops, compiled to loops.wasm by scripts/build.mjs. Every one has a plain twin in test/loops. */
export { encode, rowsDone, setStyle } from './encode';
export {
  andBits,
  byteWithin,
  codeEquals,
  countBits,
  countStates,
  doubleWithin,
  fieldWithin,
  fillBits,
  intWithin,
  maskedEqual,
  mayHaveBits,
  notBits,
  orBits,
  pickRows,
  typedWords,
} from './filter';
export { flagSets } from './flags';
export { folios, forgetFolio, summarizeAll } from './folio';
export { setMasks } from './alike';
export { gather8, gather16, gather32, gatherField, gatherMapcounts, ramp, sections, splitWords } from './gather';
export { setAliases, setBatch, setFolios, setMembers, setOutputs, setTypes } from './state';
export { flushKinds, setSummary, summarize } from './summary';
