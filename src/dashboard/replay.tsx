import { useEffect, useId, useState } from 'preact/hooks';
import { type ElectionEvent, proposalText, type Standing, standingsAfter, type Step } from './election-model.js';
import { milliseconds } from './format.js';
import { Sequence } from './sequence.js';

/** Slow enough to read a step. */
const STEP_MS = 900;

/** The steps one after the other, with what each server wants after the one that is chosen. */
export function Replay({ event, steps }: { event: ElectionEvent; steps: readonly Step[] }) {
  // 0: all of them, as long as nobody has chosen.
  const [chosen, choose] = useState(0);
  const [isPlaying, play] = useState(false);
  const id = useId();
  const shown = chosen === 0 ? steps.length : Math.min(chosen, steps.length);
  useEffect(() => {
    if (!isPlaying) return undefined;
    const timer = setInterval(() => {
      choose((before) => Math.min(steps.length, before + 1));
    }, STEP_MS);
    return () => clearInterval(timer);
  }, [isPlaying, steps.length]);
  useEffect(() => {
    if (isPlaying && chosen >= steps.length) play(false);
  }, [isPlaying, chosen, steps.length]);
  const step = steps[shown - 1];
  const goTo = (next: number): void => {
    play(false);
    choose(Math.max(1, Math.min(steps.length, next)));
  };
  if (step === undefined) return <p>No step is remembered.</p>;
  return (
    <div class="replay">
      <div class="controls">
        <button
          type="button"
          onClick={() => {
            if (!isPlaying && shown >= steps.length) choose(1);
            play(!isPlaying);
          }}
        >
          {isPlaying ? 'Pause' : 'Play'}
        </button>
        <button type="button" onClick={() => goTo(shown - 1)} disabled={shown <= 1}>
          Back
        </button>
        <button type="button" onClick={() => goTo(shown + 1)} disabled={shown >= steps.length}>
          Next
        </button>
        <label for={id}>
          Step {shown} of {steps.length}
        </label>
        <input
          id={id}
          type="range"
          min={1}
          max={steps.length}
          value={shown}
          aria-valuetext={`step ${shown}: server ${step.sid} ${step.text}`}
          onInput={({ currentTarget }) => goTo(Number(currentTarget.value))}
        />
      </div>
      <p class="now" aria-live={isPlaying ? 'off' : 'polite'} data-testid="step">
        +{milliseconds(step.atMs)}: server {step.sid} {step.text}
      </p>
      <Standings event={event} steps={steps} shown={shown} />
      <Sequence event={event} steps={steps} shown={shown} />
      <ol class="steps" aria-label="All steps in the order of time" tabIndex={0}>
        {steps.map((each, at) => (
          <li
            key={at}
            class={`step ${each.kind}${at === shown - 1 ? ' current' : ''}`}
            {...(at === shown - 1 ? { 'aria-current': 'step' as const } : {})}
          >
            <span class="time">+{milliseconds(each.atMs)}</span>
            <span class="who">server {each.sid}</span> <span>{each.text}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

interface StandingsProps {
  readonly event: ElectionEvent;
  readonly steps: readonly Step[];
  readonly shown: number;
}

function Standings({ event, steps, shown }: StandingsProps) {
  return (
    <ul class="standings" aria-label="What each server wants after this step">
      {standingsAfter(event, steps, shown).map(({ sid, round, wants, leader, doing }) => (
        <li key={sid} class={steps[shown - 1]?.sid === sid ? 'current' : ''}>
          <strong>Server {sid}</strong>
          <span>{positionOf({ sid, wants, leader })}</span>
          <span class="muted">
            round {round}; {doing}
          </span>
        </li>
      ))}
    </ul>
  );
}

function positionOf({ sid, wants, leader }: Pick<Standing, 'sid' | 'wants' | 'leader'>): string {
  if (leader !== null) return leader === sid ? 'is the leader' : `has server ${leader} as leader`;
  return wants === null ? 'has voted for nobody' : `votes for ${proposalText(wants)}`;
}
