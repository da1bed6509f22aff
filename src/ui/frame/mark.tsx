/** The logo: the log that a ship tows behind it. */
export function Mark() {
  return (
    <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true" fill="none" stroke="var(--accent)">
      <path d="M2 5h14M2 9h9M2 13h5" strokeWidth="2" strokeLinecap="round" />
      <circle cx="14" cy="12" r="2.6" strokeWidth="1.6" />
    </svg>
  );
}
