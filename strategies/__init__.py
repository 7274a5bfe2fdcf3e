"""Look-ahead strategies: what would the learner become if a candidate were labelled?"""
