/** The top of every screen outside the call: the way home and the choice of language. */

import { Languages } from "lucide-react";
import { useHouse, usePreferences, useTexts } from "../context";
import { Button } from "./Button";
import { Logo } from "./Logo";
import styles from "./Masthead.module.css";

interface Props {
  readonly onHome: () => void;
}

export function Masthead({ onHome }: Props) {
  const { book } = useHouse();
  const { language } = usePreferences();
  const texts = useTexts();
  const other = language === "fr" ? "en" : "fr";
  return (
    <header className={styles.masthead}>
      <a
        href="/"
        className={styles.home}
        onClick={(click) => {
          if (click.metaKey || click.ctrlKey || click.shiftKey) return;
          click.preventDefault();
          onHome();
        }}
      >
        <Logo />
      </a>
      <Button kind="plain" icon={<Languages size={18} aria-hidden />} onPress={() => book.change({ language: other })}>
        <span lang={other}>{texts.language.other}</span>
      </Button>
    </header>
  );
}
