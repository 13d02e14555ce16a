import { css } from 'lit';

export const consoleStyles = css`
  .modes {
    display: flex;
    gap: 2px;
    margin-bottom: var(--cf-4);
  }
  .modes [aria-pressed='true'] {
    background: light-dark(#ebebe7, #26292e);
  }
  .board {
    display: grid;
    grid-template-columns: minmax(0, 280px) minmax(0, 1fr);
    gap: var(--cf-5);
  }
  .buttons {
    display: flex;
    flex-wrap: wrap;
    gap: var(--cf-2);
    margin-top: var(--cf-4);
  }
  .reads {
    font-size: 44px;
    font-weight: 680;
    letter-spacing: -0.03em;
    line-height: 1.1;
  }
  .bars {
    display: grid;
    grid-template-columns: 16px minmax(40px, 1fr) 52px;
    align-items: center;
    gap: 5px var(--cf-2);
    max-width: 340px;
    margin-top: var(--cf-3);
    font-size: var(--cf-text-s);
  }
  .bars svg {
    width: 100%;
    height: 8px;
    border-radius: 4px;
    background: var(--cf-sunken);
  }
  .bars rect {
    fill: var(--cf-line-strong);
  }
  .bars .best {
    fill: var(--cf-accent);
  }
  .bars span:last-child,
  .share {
    text-align: right;
  }
  details {
    margin-top: var(--cf-4);
  }
  summary {
    cursor: pointer;
    font-size: 14px;
  }
  pre {
    margin: var(--cf-2) 0 0;
    max-height: 320px;
    overflow: auto;
    padding: var(--cf-3);
    border-radius: var(--cf-radius);
    background: var(--cf-sunken);
    font-size: var(--cf-text-xs);
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  .answer {
    margin-top: var(--cf-4);
  }
  @media (max-width: 640px) {
    .board {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
