"""Operations on a whole home: verified, collected, backed up, restored."""
